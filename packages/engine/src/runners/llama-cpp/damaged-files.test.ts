import { fork } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseGgufHeader, writeTinyAdapter, writeTinyModel, writeTinyPeftFolder } from '@sparkler/llama';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSeededRandom } from '../../core/testing/seeded-random.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'damaged-files-'));
  await writeTinyModel(join(folder, 'model.gguf'));
  await writeTinyAdapter(join(folder, 'adapter.gguf'));
  await writeTinyPeftFolder(join(folder, 'peft'));
});

afterAll(() => rm(folder, { recursive: true }));

/** Writes copies with one or two bytes of the header changed, as often to an edge as to anything. */
async function writeDamaged(name: string, count: number, seed: number): Promise<string[]> {
  const sound = await readFile(join(folder, `${name}.gguf`));
  const { dataOffset } = parseGgufHeader(sound, sound.length);
  const random = createSeededRandom(seed);
  const paths: string[] = [];
  for (let i = 0; i < count; i++) {
    const bytes = Buffer.from(sound);
    for (let changes = random.integer(1, 2); changes > 0; changes--) {
      // Most of the header is vocabulary; what shapes the model stands in front.
      const end = random.next() < 0.7 ? Math.min(1400, dataOffset) : dataOffset;
      bytes[random.integer(4, end - 1)] =
        random.next() < 0.5 ? random.integer(0, 255) : random.pick([0, 1, 2, 64, 128, 255]);
    }
    const path = join(folder, `${name}-${i}.gguf`);
    await writeFile(path, bytes);
    paths.push(path);
  }
  return paths;
}

/** Copies of the PEFT folder, a byte or two changed in its configuration or in the header of its weights. */
async function writeDamagedFolders(count: number, seed: number): Promise<string[]> {
  const random = createSeededRandom(seed);
  const paths: string[] = [];
  for (let i = 0; i < count; i++) {
    const path = join(folder, `peft-${i}`);
    await cp(join(folder, 'peft'), path, { recursive: true });
    const file = join(path, random.pick(['adapter_config.json', 'adapter_model.safetensors']));
    const bytes = await readFile(file);
    for (let changes = random.integer(1, 2); changes > 0; changes--) {
      const at = random.integer(0, Math.min(2000, bytes.length) - 1);
      bytes[at] =
        random.next() < 0.5 ? random.integer(0, 255) : random.pick([0x30, 0x39, 0x2d, 0x22, 0, 255]);
    }
    await writeFile(file, bytes);
    paths.push(path);
  }
  return paths;
}

/** Opens each file in a process of its own, which has to live; what became of each, by name. */
async function openAll(kind: 'model' | 'adapter', paths: readonly string[]) {
  const program = new URL('./testing/open-damaged.ts', import.meta.url);
  const child = fork(program, [kind, join(folder, 'model.gguf'), ...paths], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const outcomes = new Map<string, number>();
  let last = 'none';
  let errors = '';
  child.stderr!.on('data', (part) => {
    errors += part;
  });
  child.on('message', ({ path, outcome }: { path: string; outcome: string }) => {
    last = path;
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  });
  const code = await new Promise((resolve) => {
    child.once('exit', (status, signal) => resolve(signal ?? status));
  });
  expect(code, `it died after ${last}: ${errors.slice(-500)}`).toBe(0);
  return Object.fromEntries(outcomes);
}

test('a damaged model file is refused or computes; the process lives', async () => {
  const outcomes = await openAll('model', await writeDamaged('model', 150, 11));
  expect(Object.keys(outcomes).filter((name) => !/^(opened|GgufError|LlamaError)$/.test(name))).toEqual([]);
  expect(outcomes.GgufError).toBeGreaterThan(30);
  expect(outcomes.opened).toBeGreaterThan(10);
});

test('a damaged adapter file is refused or computes; the process lives', async () => {
  const outcomes = await openAll('adapter', await writeDamaged('adapter', 150, 12));
  expect(Object.keys(outcomes).filter((name) => !/^(opened|AdapterError)$/.test(name))).toEqual([]);
  expect(outcomes.AdapterError).toBeGreaterThan(30);
});

test('a damaged PEFT folder is refused or computes; the process lives', async () => {
  const outcomes = await openAll('adapter', await writeDamagedFolders(150, 13));
  expect(Object.keys(outcomes).filter((name) => !/^(opened|AdapterError)$/.test(name))).toEqual([]);
  expect(outcomes.AdapterError).toBeGreaterThan(30);
  expect(outcomes.opened).toBeGreaterThan(5);
});
