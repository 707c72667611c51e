import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('../..', import.meta.url));
const version = '0.1.0';
const shared = { version, license: 'Apache-2.0', type: 'module', engines: { node: '>=20' } };

/**
 * Writes the SDK and firectl as packages of JavaScript into `folder`, and packs them. Returns the tarballs.
 * firectl has the SDK, commander and yaml inside, so that it installs nothing else.
 */
export async function packPackages(folder: string): Promise<{ readonly sdk: string; readonly cli: string }> {
  const sdk = await writeSdkPackage(join(folder, 'sdk'));
  const cli = await writeCliPackage(join(folder, 'cli'));
  return { sdk: pack(sdk, folder), cli: pack(cli, folder) };
}

async function writeSdkPackage(folder: string): Promise<string> {
  const entries = {
    index: join(root, 'packages/sdk/src/index.ts'),
    'node/index': join(root, 'packages/sdk/src/node/index.ts'),
  };
  await bundle(entries, {
    dir: join(folder, 'dist'),
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
  });
  writeDeclarations(join(folder, 'dist'), Object.values(entries));
  const exports = {
    '.': { types: './dist/index.d.ts', default: './dist/index.js' },
    './node': { types: './dist/node/index.d.ts', default: './dist/node/index.js' },
  };
  writeManifest(folder, {
    name: '@sparkler/sdk',
    ...shared,
    exports,
    types: './dist/index.d.ts',
    sideEffects: false,
    files: ['dist'],
  });
  return folder;
}

async function writeCliPackage(folder: string): Promise<string> {
  await bundle(join(root, 'packages/cli/src/main.ts'), {
    dir: join(folder, 'dist'),
    entryFileNames: 'firectl.js',
    chunkFileNames: '[name]-[hash].js',
  });
  mkdirSync(join(folder, 'bin'), { recursive: true });
  const start = [
    '#!/usr/bin/env node',
    "import { startFirectl } from '../dist/firectl.js';",
    '',
    'await startFirectl();',
    '',
  ];
  writeFileSync(join(folder, 'bin/firectl.js'), start.join('\n'), { mode: 0o755 });
  writeManifest(folder, {
    name: '@sparkler/cli',
    ...shared,
    bin: { firectl: 'bin/firectl.js' },
    files: ['bin', 'dist', 'LICENSE.*'],
  });
  // Their code is inside: so are their licences.
  for (const inside of ['commander', 'yaml']) {
    cpSync(join(root, 'node_modules', inside, 'LICENSE'), join(folder, `LICENSE.${inside}`));
  }
  return folder;
}

async function bundle(
  input: string | Record<string, string>,
  output: { readonly dir: string; readonly entryFileNames: string; readonly chunkFileNames?: string },
): Promise<void> {
  const build = await rolldown({ input, platform: 'node' });
  await build.write({ ...output, format: 'esm' });
  await build.close();
}

/** Types come from tsc, one .d.ts a file, with import paths rewritten from .ts to .js. */
function writeDeclarations(outDir: string, files: readonly string[]): void {
  const workFolder = mkdtempSync(join(tmpdir(), 'sparkler-types-'));
  const settings = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      noEmit: false,
      emitDeclarationOnly: true,
      declaration: true,
      rewriteRelativeImportExtensions: true,
      rootDir: join(root, 'packages/sdk/src'),
      typeRoots: [join(root, 'node_modules/@types')],
      outDir,
    },
    include: [],
    files,
  };
  writeFileSync(join(workFolder, 'tsconfig.json'), JSON.stringify(settings));
  try {
    execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', workFolder], { encoding: 'utf8' });
  } finally {
    rmSync(workFolder, { recursive: true });
  }
}

function writeManifest(folder: string, manifest: object): void {
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
}

function pack(folder: string, destination: string): string {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', destination];
  const [packed] = JSON.parse(execFileSync('npm', args, { cwd: folder, encoding: 'utf8' })) as [
    { filename: string },
  ];
  return join(destination, packed.filename);
}
