import { deepseek, deepseekV31 } from './deepseek.ts';
import { firefunction } from './firefunction.ts';
import { genericJson } from './generic-json.ts';
import { glm } from './glm.ts';
import { hermes } from './hermes.ts';
import { llama3 } from './llama3.ts';
import { mistral, mistralV11 } from './mistral.ts';
import { qwenXml } from './qwen-xml.ts';
import type { ToolFamily } from './tool-family.ts';

/** All families by id: the values of `--tool-format`. */
export const toolFamilies: ReadonlyMap<string, ToolFamily> = new Map(
  [hermes, llama3, mistral, mistralV11, deepseek, deepseekV31, firefunction, qwenXml, glm, genericJson].map(
    (family) => [family.id, family],
  ),
);

/** What only the templates of one family contain, most telling first. */
const signs: readonly (readonly [string, ToolFamily])[] = [
  ['<｜tool▁call', deepseek],
  ['[ARGS]', mistralV11],
  ['[TOOL_CALLS]', mistral],
  ['functools[', firefunction],
  ['<functioncall>', firefunction],
  ['<parameter=', qwenXml],
  ['<arg_key>', glm],
  ['<tool_call>', hermes],
  ['<|python_tag|>', llama3],
];

/**
 * The family a template belongs to. One that neither speaks of tools nor spells any known form of calls gets
 * the default prompt, which asks for the Hermes form.
 * @param speaksTools whether the template renders the tools it is given.
 */
export function chooseFamily(templateSource: string, speaksTools: boolean): ToolFamily {
  const family = signs.find(([sign]) => templateSource.includes(sign))?.[1];
  if (family === deepseek && !templateSource.includes('```json')) return deepseekV31;
  if (family !== undefined || !speaksTools) return family ?? hermes;
  return templateSource.includes('<|start_header_id|>') ? llama3 : genericJson;
}
