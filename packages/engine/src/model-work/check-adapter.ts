import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openCheckpointFolder } from '@sparkler/llama';
import { parsePeftConfig } from '../runners/llama-cpp/adapters/peft-config.ts';
import { planPeftTensors } from '../runners/llama-cpp/adapters/plan-peft-tensors.ts';
import { checkPointers, listFileNames } from './check-files.ts';
import { readBase } from './check-model.ts';
import type { AdapterFileFacts, BaseFiles, ModelProblem } from './protocol.ts';
import { Refusal } from './refusal.ts';

/**
 * Least rank of an adapter that is uploaded (spec, "Custom LoRA addons"); fine-tuning here may make smaller
 * ones.
 */
const RANK_MIN = 4;

/** Checks the files of a PEFT adapter. Throws Refusal and the errors of the file formats. */
export async function checkAdapter(folder: string, base: BaseFiles | null): Promise<AdapterFileFacts> {
  const names = await listFileNames(folder);
  const problems: ModelProblem[] = [];
  if (!names.includes('adapter_config.json')) {
    problems.push({ file: 'adapter_config.json', message: 'is missing: upload the adapter configuration' });
  }
  if (!names.includes('adapter_model.safetensors') && !names.includes('adapter_model.bin')) {
    const message = 'is missing, and so is adapter_model.bin: upload the adapter weights';
    problems.push({ file: 'adapter_model.safetensors', message });
  }
  problems.push(...(await checkPointers(folder, names)));
  if (problems.length > 0) throw new Refusal(problems);
  const json = await readJson(folder, 'adapter_config.json');
  const config = parsePeftConfig(json);
  if (config.rank < RANK_MIN) {
    const message = `r must be a whole number from ${RANK_MIN} to 64, not ${config.rank}`;
    throw new Refusal([{ file: 'adapter_config.json', message }]);
  }
  const checkpoint = await openCheckpointFolder(folder, ['adapter_model']);
  try {
    if (base !== null) planPeftTensors(checkpoint.tensors, config, await readBase(base));
    return {
      rank: config.rank,
      targetModules: targetsOf(json.target_modules, [...checkpoint.tensors.keys()]),
      baseModel: config.baseModel,
      isCheckedAgainstBase: base !== null,
      conversationConfig: names.includes('fireworks.json') ? await readConversation(folder) : null,
    };
  } finally {
    await checkpoint.close();
  }
}

/** The modules as listed, or where the file has a regular expression, those that were trained. */
function targetsOf(listed: unknown, tensors: readonly string[]): string[] {
  if (Array.isArray(listed)) return listed.map(String).sort();
  const trained = tensors.flatMap((name) => /\.(\w+)\.lora_A\./.exec(name)?.[1] ?? []);
  return [...new Set(trained)].sort();
}

/** fireworks.json: how chats are turned into prompts for this adapter. */
async function readConversation(folder: string): Promise<AdapterFileFacts['conversationConfig']> {
  const json = await readJson(folder, 'fireworks.json');
  const config = json.conversation_config;
  if (config === undefined || config === null) return null;
  const { style, args } = config as { style?: unknown; args?: { template?: unknown } };
  const template = args?.template ?? '';
  if (typeof style !== 'string' || style === '' || typeof template !== 'string') {
    const message = 'conversation_config needs a "style", and with style jinja "args": {"template": "…"}';
    throw new Refusal([{ file: 'fireworks.json', message }]);
  }
  return { style, template };
}

async function readJson(folder: string, file: string): Promise<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(await readFile(join(folder, file), 'utf8'));
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new Refusal([{ file, message: `is not JSON (${error.message})` }]);
  }
  throw new Refusal([{ file, message: 'does not hold a JSON object' }]);
}
