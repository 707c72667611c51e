import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as inference from '@sparkler/api/inference';
import { resources } from '@sparkler/api/resources';
import { capitalize, writeResourceFile } from './resource-file.ts';
import { type JsonSchema, TypeWriter } from './schema-to-type.ts';

/** Messages of the data plane that the SDK has types for. */
const inferenceMessages = [
  'ChatCompletionRequest',
  'ChatCompletion',
  'ChatCompletionChunk',
  'CompletionRequest',
  'Completion',
  'CompletionChunk',
  'EmbeddingRequest',
  'EmbeddingResponse',
  'RerankRequest',
  'RerankResponse',
  'FormatCheckRequest',
  'FormatCheckResponse',
  'ServedModel',
  'ServedModelList',
] as const;

/** All generated files of the SDK, by name: a pure function of the contract. */
export function buildSdk(): Map<string, string> {
  const files = new Map<string, string>();
  const entries = Object.entries(resources);
  for (const [key, resource] of entries) {
    const renamed = { ...resource, plural: key };
    files.set(`${toKebabCase(key)}.ts`, writeResourceFile(renamed));
  }
  files.set('inference.ts', writeInferenceFile());
  files.set('index.ts', writeIndex(entries.map(([key]) => key)));
  return files;
}

function writeInferenceFile(): string {
  const types = new TypeWriter('plain');
  for (const name of inferenceMessages)
    types.write((inference as unknown as Record<string, JsonSchema>)[name]!);
  const header = '// Generated from packages/api by `npm run generate`. Do not edit.\n';
  return [header, ...types.interfaces.values()].join('\n');
}

function writeIndex(keys: readonly string[]): string {
  const imports = keys.map((key) => `import { ${capitalize(key)} } from './${toKebabCase(key)}.ts';`).sort();
  const fields = keys.map((key) => `  readonly ${key}: ${capitalize(key)};`);
  const made = keys.map((key) => `    ${key}: new ${capitalize(key)}(client),`);
  return [
    '// Generated from packages/api by `npm run generate`. Do not edit.',
    "import type { ResourceClient } from '../core/resource-client.ts';",
    ...imports,
    '',
    '/** Every resource of the control plane. */',
    'export interface ControlPlane {',
    ...fields,
    '}',
    '',
    'export function createControlPlane(client: ResourceClient): ControlPlane {',
    '  return {',
    ...made,
    '  };',
    '}',
    '',
  ].join('\n');
}

/** Writes the files into a folder and removes what is no longer generated. */
export async function writeSdk(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const files = buildSdk();
  for (const old of await readdir(folder)) if (!files.has(old)) await rm(join(folder, old));
  for (const [name, text] of files) await writeFile(join(folder, name), text);
}

function toKebabCase(name: string): string {
  return name.replaceAll(/([A-Z])/g, (letter) => `-${letter.toLowerCase()}`);
}
