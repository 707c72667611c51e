import type { BenchCase } from './cases.ts';
import type { Llama3Tokenizer } from './llama3-tokenizer.ts';

/** A grammar engine, as far as it is compared. */
export interface Contestant {
  /** Compiles without a cache. Throws or rejects for a schema it does not take. */
  compile(schema: unknown): Promise<() => Promise<ContestantMatcher>>;
}

export interface ContestantMatcher {
  fillMask(): Promise<void>;
  accept(token: number): boolean;
  close(): void;
}

/** What one engine made of one schema. */
export interface SchemaResult {
  /** Why the schema was not taken, else null. */
  readonly refused: string | null;
  /** Compiling and the first mask. */
  readonly firstMs: number;
  /** Each later mask on the way through valid instances. */
  readonly maskUs: readonly number[];
  /** Per instance, whether all its tokens and an end were accepted. */
  readonly accepted: readonly boolean[];
  readonly totalMs: number;
}

/** A schema done within this time is measured again, and each mask counts with its shortest time. */
const REPEATED_MS = 1500;
const PASSES = 4;

/**
 * Compiles the schema and writes all its instances, token by token, a mask before each. Of a few passes the
 * shortest times count, which leaves out what other programs on the machine took.
 */
export async function measureSchema(
  contestant: Contestant,
  tokenizer: Llama3Tokenizer,
  { schema, instances }: BenchCase,
): Promise<SchemaResult> {
  const tokens = instances.map(({ text }) => [...tokenizer.encode(text), tokenizer.endToken]);
  let best = await measureOnce(contestant, schema, instances, tokens);
  for (let pass = 1; pass < PASSES && best.totalMs < REPEATED_MS; pass += 1) {
    const again = await measureOnce(contestant, schema, instances, tokens);
    best = {
      ...best,
      firstMs: Math.min(best.firstMs, again.firstMs),
      maskUs: best.maskUs.map((us, at) => Math.min(us, again.maskUs[at]!)),
      totalMs: Math.min(best.totalMs, again.totalMs),
    };
  }
  return best;
}

async function measureOnce(
  contestant: Contestant,
  schema: unknown,
  instances: BenchCase['instances'],
  tokens: readonly (readonly number[])[],
): Promise<SchemaResult> {
  const started = performance.now();
  const elapsed = () => performance.now() - started;
  let firstMs = 0;
  const maskUs: number[] = [];
  const accepted: boolean[] = [];
  try {
    const createMatcher = await contestant.compile(schema);
    for (const [at, { valid }] of instances.entries()) {
      const matcher = await createMatcher();
      accepted.push(
        await everyToken(matcher, tokens[at]!, (us) => {
          if (firstMs === 0) firstMs = elapsed();
          else if (valid) maskUs.push(us);
        }),
      );
      matcher.close();
    }
  } catch (error) {
    const refused = (error as Error).message.split('\n')[0]!;
    return { refused, firstMs: elapsed(), maskUs, accepted: [], totalMs: elapsed() };
  }
  return { refused: null, firstMs, maskUs, accepted, totalMs: elapsed() };
}

async function everyToken(
  matcher: ContestantMatcher,
  tokens: readonly number[],
  onMask: (us: number) => void,
): Promise<boolean> {
  for (const token of tokens) {
    const started = performance.now();
    await matcher.fillMask();
    onMask((performance.now() - started) * 1000);
    if (!matcher.accept(token)) return false;
  }
  return true;
}
