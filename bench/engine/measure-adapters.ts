import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeFloats, float32, string, writeGguf } from '@sparkler/llama';
import { generate, makeRequest, type Outcome } from '../../packages/engine/src/core/testing/requests.ts';
import { type EngineCommand, promptOf, type Throughput } from './commands.ts';
import { startStopwatch } from './stopwatch.ts';
import type { Subject } from './subject.ts';

type Adapters = Extract<EngineCommand, { kind: 'adapters' }>;

/** SmolLM2-135M: layers, width, and the width of its keys and values. */
const shape = { layers: 30, width: 576, valueWidth: 192 };
const rank = 8;

/** Tokens and time of streams that use the adapters in turn, one request each. */
export async function measureAdapters(
  subject: Subject,
  { adapters, streams, tokens, atOnce }: Adapters,
): Promise<Throughput> {
  const ids = await loadAdapters(subject, adapters);
  const ask = (stream: number) =>
    generate(
      subject.engine,
      makeRequest({
        promptTokens: subject.encode(promptOf(stream, 5000)),
        adapter: ids[stream % Math.max(1, adapters)] ?? null,
        maxTokens: tokens,
        ignoreEnd: true,
        speculate: false,
        cacheTokensMax: 0,
      }),
    );
  const places = Array.from({ length: streams }, (_, stream) => stream);
  const watch = startStopwatch();
  const outcomes: Outcome[] = [];
  if (atOnce) outcomes.push(...(await Promise.all(places.map(ask))));
  else for (const stream of places) outcomes.push(await ask(stream));
  const tokensMade = outcomes.reduce((sum, outcome) => sum + outcome.choices[0]!.length, 0);
  return { tokens: tokensMade, ...watch() };
}

const loaded: string[] = [];

async function loadAdapters(subject: Subject, count: number): Promise<readonly string[]> {
  if (loaded.length >= count) return loaded.slice(0, count);
  const folder = await mkdtemp(join(tmpdir(), 'sparkler-bench-'));
  try {
    while (loaded.length < count) {
      const id = `adapter-${loaded.length}`;
      const path = join(folder, `${id}.gguf`);
      await writeAdapter(path, loaded.length + 1);
      await subject.engine.loadAdapter(id, path);
      loaded.push(id);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return loaded;
}

/** A LoRA adapter on queries and values, as most are: small, and not nothing. */
async function writeAdapter(path: string, seed: number): Promise<void> {
  const targets = [
    { name: 'attn_q', inputs: shape.width, outputs: shape.width },
    { name: 'attn_v', inputs: shape.width, outputs: shape.valueWidth },
  ];
  const fill = (count: number, phase: number) =>
    encodeFloats(
      Float64Array.from({ length: count }, (_, index) => Math.sin(index * 0.37 + phase * seed) * 0.01),
      'f32',
    );
  const tensors = Array.from({ length: shape.layers }, (_, layer) =>
    targets.flatMap(({ name, inputs, outputs }) => {
      const base = `blk.${layer}.${name}.weight`;
      return [
        {
          name: `${base}.lora_a`,
          shape: [inputs, rank],
          type: 'f32',
          data: () => fill(inputs * rank, layer),
        },
        {
          name: `${base}.lora_b`,
          shape: [rank, outputs],
          type: 'f32',
          data: () => fill(rank * outputs, layer + 1),
        },
      ];
    }),
  ).flat();
  const metadata = new Map([
    ['general.type', string('adapter')],
    ['general.architecture', string('llama')],
    ['adapter.type', string('lora')],
    ['adapter.lora.alpha', float32(16)],
  ]);
  await writeGguf(path, metadata, tensors);
}
