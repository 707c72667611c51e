import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConvertError } from './convert-error.ts';
import { JsonObject } from './json-object.ts';

/** The small files of a Hugging Face model folder. */
export interface ModelFolder {
  readonly path: string;
  readonly config: JsonObject;
  readonly tokenizer: JsonObject | null;
  readonly tokenizerConfig: JsonObject;
  readonly sentencePiece: Uint8Array | null;
  /** Default Jinja template and further ones by name. */
  readonly chatTemplates: ReadonlyMap<string, string>;
}

/** Reads them. Throws ConvertError for missing or malformed ones. */
export async function readModelFolder(path: string): Promise<ModelFolder> {
  const config = await readJson(path, 'config.json');
  if (config === null)
    throw new ConvertError(`${path} holds no config.json: it is no Hugging Face model folder`);
  const tokenizerConfig =
    (await readJson(path, 'tokenizer_config.json')) ?? new JsonObject('tokenizer_config.json', {});
  return {
    path,
    config,
    tokenizer: await readJson(path, 'tokenizer.json'),
    tokenizerConfig,
    sentencePiece: await readOptional(join(path, 'tokenizer.model')),
    chatTemplates: await readChatTemplates(path, tokenizerConfig),
  };
}

/** Reads a JSON file of the folder; null when it is absent. */
export async function readJson(folder: string, name: string): Promise<JsonObject | null> {
  const bytes = await readOptional(join(folder, name));
  if (bytes === null) return null;
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return JsonObject.from(name, value);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new ConvertError(`${join(folder, name)} is not JSON: ${error.message}`);
  }
}

async function readOptional(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/**
 * The template lies in a file of its own in newer folders, in the tokenizer's configuration in older ones.
 */
async function readChatTemplates(path: string, tokenizerConfig: JsonObject): Promise<Map<string, string>> {
  const file = await readOptional(join(path, 'chat_template.jinja'));
  if (file !== null) return new Map([['default', file.toString('utf8')]]);
  const inConfig = tokenizerConfig.get('chat_template');
  const template = inConfig ?? (await readJson(path, 'chat_template.json'))?.get('chat_template');
  if (typeof template === 'string') return new Map([['default', template]]);
  if (!Array.isArray(template)) return new Map();
  const named = template.map((entry) => JsonObject.from('chat_template', entry));
  return new Map(named.map((entry) => [entry.text('name'), entry.text('template')]));
}
