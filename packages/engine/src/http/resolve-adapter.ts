import { InferenceError } from '@sparkler/api';
import type { HttpContext } from './http-context.ts';
import type { GenerationExtension } from './request-schemas.ts';

/**
 * Which adapter a request runs under; null: the base model. The gateway has resolved names already and says
 * so in
 * `sparkler`, so `model` is only echoed then. A caller of the engine itself names the model or a loaded
 * adapter.
 */
export function resolveAdapter(
  model: string,
  extension: Pick<GenerationExtension, 'adapter'> | undefined,
  context: HttpContext,
): string | null {
  if (extension?.adapter) return extension.adapter;
  if (extension !== undefined || model === context.model.name) return null;
  const adapters = context.engine?.status().adapters ?? [];
  if (adapters.includes(model)) return model;
  const names = [context.model.name, ...adapters].map((name) => `'${name}'`).join(', ');
  throw new InferenceError(404, `this engine does not serve '${model}'; it serves ${names}`, {
    param: 'model',
  });
}
