import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LlamaError } from '../llama-error.ts';
import { checkLibraryFacts, LLAMA_VERSION } from './abi-guard.ts';
import { loadLibrary } from './library.ts';
import { describeLibraryFolder, resolveLibraryFiles } from './platform.ts';

const library = loadLibrary();

test('the installed library is the pinned release and finds the processor', () => {
  expect(library.version).toBe(LLAMA_VERSION);
  expect(library.devices.map((device) => device.type)).toContain('cpu');
  expect(library.system.systemInfo()).toMatch(/CPU/);
});

test('a second load gives the same library, and no other backend or folder beside it', () => {
  expect(loadLibrary()).toBe(library);
  expect(() => loadLibrary({ folder: '/elsewhere' })).toThrow('one process holds one build');
  const other = library.files.backend === 'vulkan' ? 'cpu' : 'vulkan';
  expect(() => loadLibrary({ backend: other })).toThrow(
    `loaded with the ${library.files.backend} backend already`,
  );
});

test('a missing package is named with the command that installs it', () => {
  expect(() => resolveLibraryFiles('cuda', 'win32-x64')).toThrow(
    'npm install @node-llama-cpp/win-x64-cuda@3.22.1',
  );
  expect(() => resolveLibraryFiles('metal', 'linux-x64')).toThrow(
    'metal backend does not exist for linux-x64',
  );
  expect(() => resolveLibraryFiles('auto', 'sunos-sparc')).toThrow('no prebuilt llama.cpp for sunos-sparc');
});

test('libraries are found in a folder whatever their platform calls them', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'libraries-'));
  const names = [
    'libggml-base.so',
    'libggml.cuda.v0.5.0.so',
    'libllama.cuda.v0.5.0.so',
    'libllama-common.so',
  ];
  for (const name of names) await writeFile(join(folder, name), '');
  const files = describeLibraryFolder('cuda', folder);
  expect([files.ggmlBase, files.ggml, files.llama]).toEqual(
    names.slice(0, 3).map((name) => join(folder, name)),
  );
  await rm(join(folder, names[2]!));
  expect(() => describeLibraryFolder('cuda', folder)).toThrow('holds no llama library');
  await rm(folder, { recursive: true });
});

const facts = {
  version: library.version,
  modelDefaults: library.model.defaultParams(),
  contextDefaults: library.context.defaultParams(),
  quantizeDefaults: library.quantize.defaultParams(),
};

test('another release is refused, naming each difference', () => {
  expect(() => checkLibraryFacts(facts)).not.toThrow();
  const moved = { ...facts.contextDefaults, n_ctx: 2048, n_batch: 512 };
  const check = () => checkLibraryFacts({ ...facts, version: '0.6.0', contextDefaults: moved });
  expect(check).toThrow(LlamaError);
  expect(check).toThrow(/0\.6\.0 instead of 0\.5\.0-dev; .*n_ctx is 2048 instead of 512; .*n_batch is 512/);
});
