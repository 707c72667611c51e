import { type BenchRow, makeRow } from '../bench-row.ts';
import { type AnchorGateway, readCpuUs, startLiteLlm, startPortkey } from './anchors.ts';
import { gatewayTarget, quantile, send, sendFlatOut, type Target } from './load.ts';
import type { BenchProcesses } from './processes.ts';

const messages = [{ role: 'user', content: 'Write one line about the sea.' }];
const whole = JSON.stringify({ model: 'tiny', messages, max_tokens: 1, temperature: 0 });
const ROUNDS = 3;

interface Figures {
  readonly perCore: number[];
  readonly p50: number[];
}

interface Contestant {
  readonly name: string;
  /** How many times as much as it our throughput should be. */
  readonly times: number;
  readonly gateway: AnchorGateway | null;
  readonly figures: Figures;
  /** Why it has no figures. An anchor that fails takes nobody else's away. */
  problem: string | null;
}

/**
 * Ours, with key, limits, spend reservation and usage, beside gateways with less to do, before the same
 * replica: in turns, so that all see the same neighbours. Requests a second of one core are those that a
 * second of the process's own processor time carried: what else runs on the machine does not count.
 */
export async function measureAgainstAnchors(
  processes: BenchProcesses,
  seconds: number,
  tell: (text: string) => void,
): Promise<BenchRow[]> {
  const { pacedGateway: own, pacedPort, folder } = processes;
  tell('starts Portkey and LiteLLM, installing them on first use');
  const anchors = [
    await startContestant("Portkey's gateway", 3, () => startPortkey(pacedPort)),
    await startContestant('LiteLLM', 20, () => startLiteLlm(folder, pacedPort)),
  ];
  const ours: Figures = { perCore: [], p50: [] };
  const target = gatewayTarget(own.baseUrl);
  try {
    await sendFlatOut(target, whole, 8, seconds);
    await measureEach(
      anchors,
      tell,
      async ({ target }) => void (await sendFlatOut(target, whole, 8, seconds)),
    );
    for (let round = 0; round < ROUNDS; round++) {
      tell(`beside other gateways, round ${round + 1} of ${ROUNDS}`);
      await measureRound(own.processId, target, ours, seconds);
      await measureEach(anchors, tell, ({ processId, target }, figures) =>
        measureRound(processId, target, figures, seconds),
      );
    }
  } finally {
    for (const { gateway } of anchors) await gateway?.stop();
  }
  return anchors.flatMap((anchor) => compare(anchor, ours));
}

async function startContestant(
  name: string,
  times: number,
  start: () => Promise<AnchorGateway>,
): Promise<Contestant> {
  const figures: Figures = { perCore: [], p50: [] };
  try {
    return { name, times, gateway: await start(), figures, problem: null };
  } catch (error) {
    return { name, times, gateway: null, figures, problem: (error as Error).message };
  }
}

/** Measures the anchors that still answer; one that fails is told and left out from then on. */
async function measureEach(
  anchors: readonly Contestant[],
  tell: (text: string) => void,
  measure: (gateway: AnchorGateway, figures: Figures) => Promise<void>,
): Promise<void> {
  for (const anchor of anchors) {
    if (anchor.gateway === null || anchor.problem !== null) continue;
    try {
      await measure(anchor.gateway, anchor.figures);
    } catch (error) {
      anchor.problem = (error as Error).message;
      tell(`${anchor.name} failed: ${anchor.problem}`);
    }
  }
}

async function measureRound(
  processId: number,
  target: Target,
  figures: Figures,
  seconds: number,
): Promise<void> {
  figures.perCore.push(await measurePerCore(processId, target, seconds));
  figures.p50.push(await measureLatency(target));
}

function compare({ name, times, figures, problem }: Contestant, ours: Figures): BenchRow[] {
  const row = (metric: string, unit: string, key: keyof Figures, goal: string): BenchRow => {
    const own = quantile(ours[key], 0.5);
    if (problem === null) {
      return makeRow({
        metric,
        unit,
        ours: own,
        anchor: quantile(figures[key], 0.5),
        anchorName: name,
        goal,
      });
    }
    const anchorName = `${name}, not measured: ${problem.slice(0, 200)}`;
    return {
      metric,
      unit,
      ours: Number(own.toPrecision(4)),
      anchor: null,
      anchorName,
      ratio: null,
      goal,
      holds: false,
    };
  };
  return [
    row('requests per second of one core', '1/s', 'perCore', `>= ${times}`),
    row('latency p50, one at a time', 'ms', 'p50', '<= 1'),
  ];
}

async function measurePerCore(processId: number, target: Target, seconds: number): Promise<number> {
  const beforeUs = readCpuUs(processId);
  const startMs = performance.now();
  const rate = await sendFlatOut(target, whole, 16, seconds);
  const count = (rate * (performance.now() - startMs)) / 1000;
  return count / ((readCpuUs(processId) - beforeUs) / 1e6);
}

async function measureLatency(target: Target): Promise<number> {
  const durations: number[] = [];
  for (let index = 0; index < 40; index++) durations.push((await send(target, whole)).durationMs);
  return quantile(durations, 0.5);
}
