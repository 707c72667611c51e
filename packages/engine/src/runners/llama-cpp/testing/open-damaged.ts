/**
 * Opens files one after another, computes with what opens, and tells what became of each: a class of error.
 */
import { openLlamaModel } from '../open-llama-model.ts';

const [kind, modelPath = '', ...paths] = process.argv.slice(2);
const limits = { cellsMax: 256, sequencesMax: 2, batchTokensMax: 32, threads: 1 };

async function openModel(path: string): Promise<void> {
  const { runner, tokenizer } = await openLlamaModel({ path, ...limits });
  const tokens = tokenizer.encode('the and é <|im_end|>', { addSpecial: true, parseSpecial: true });
  await compute(runner, tokens.slice(0, 16), null);
  await runner.close();
}

async function compute(
  runner: Awaited<ReturnType<typeof openLlamaModel>>['runner'],
  tokens: readonly number[],
  adapter: string | null,
): Promise<void> {
  await runner.forward({
    adapter,
    rows: tokens.length,
    tokens: Int32Array.from(tokens),
    positions: Int32Array.from(tokens, (_, position) => position),
    slots: new Int32Array(tokens.length),
    wantLogits: new Uint8Array(tokens.length).fill(1),
  });
  runner.dropSequence(0);
}

async function tell(path: string, open: () => Promise<void>): Promise<void> {
  const outcome = await open().then(
    () => 'opened',
    (error: Error) => error.name,
  );
  await new Promise((sent) => process.send!({ path, outcome }, sent));
}

if (kind === 'model') {
  for (const path of paths) await tell(path, () => openModel(path));
} else {
  const { runner } = await openLlamaModel({ path: modelPath, ...limits });
  for (const path of paths) {
    await tell(path, async () => {
      await runner.loadAdapter('damaged', path);
      await compute(runner, [1, 2, 3], 'damaged');
      runner.unloadAdapter('damaged');
    });
  }
  await runner.close();
}
process.disconnect();
