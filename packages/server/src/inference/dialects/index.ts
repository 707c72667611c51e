import type { Dialect } from './dialect.ts';
import { llamaServer } from './llama-server.ts';
import { native } from './native.ts';
import { openai } from './openai.ts';
import { vllm } from './vllm.ts';

/** Dialects by the key that `DeploymentRoute.dialect` holds. */
export const dialects: ReadonlyMap<string, Dialect> = new Map(
  [native, openai, vllm, llamaServer].map((dialect) => [dialect.name, dialect]),
);
