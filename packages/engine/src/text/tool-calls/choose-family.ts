import { deepseek } from './deepseek.ts';
import { firefunction } from './firefunction.ts';
import { genericJson } from './generic-json.ts';
import { hermes } from './hermes.ts';
import { llama3 } from './llama3.ts';
import { mistral } from './mistral.ts';
import type { ToolFamily } from './tool-family.ts';

/** All families by id: the values of `--tool-format`. */
export const toolFamilies: ReadonlyMap<string, ToolFamily> = new Map(
  [hermes, llama3, mistral, deepseek, firefunction, genericJson].map((family) => [family.id, family]),
);

/** What only the templates of one family contain, most telling first. */
const signs: readonly (readonly [string, ToolFamily])[] = [
  ['<｜tool▁call', deepseek],
  ['[TOOL_CALLS]', mistral],
  ['functools[', firefunction],
  ['<functioncall>', firefunction],
  ['<tool_call>', hermes],
  ['<|python_tag|>', llama3],
  ['"parameters": ', llama3],
];

/**
 * The family a template belongs to. A template without words for tools gets the default prompt, which asks for the
 * Hermes form.
 * @param speaksTools whether the template renders the tools it is given.
 */
export function chooseFamily(templateSource: string, speaksTools: boolean): ToolFamily {
  if (!speaksTools) return hermes;
  return signs.find(([sign]) => templateSource.includes(sign))?.[1] ?? genericJson;
}
