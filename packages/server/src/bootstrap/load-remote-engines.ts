import { readFileSync } from 'node:fs';
import { compileChecker } from '@sparkler/api';
import { Type } from 'typebox';
import { type CatalogueEntry, findCatalogueEntry } from '../catalogue/index.ts';
import { dialects } from '../inference/dialects/index.ts';
import type { RemoteEngine } from '../inference/remote-engines.ts';
import { SettingsError } from '../settings-load.ts';
import { catalogueModelName } from './catalogue-models.ts';

const foreign = [...dialects.values()].filter((dialect) => !dialect.extension).map((dialect) => dialect.name);
const checker = compileChecker(
  Type.Object(
    {
      engines: Type.Array(
        Type.Object(
          {
            model: Type.String({ minLength: 1 }),
            url: Type.String({ pattern: '^https?://.+' }),
            dialect: Type.Enum(foreign, { type: 'string' }),
            upstreamModel: Type.Optional(Type.String({ minLength: 1 })),
            keyVariable: Type.Optional(Type.String({ minLength: 1 })),
          },
          { additionalProperties: false },
        ),
      ),
    },
    { additionalProperties: false },
  ),
);

/**
 * The file of SPARKLER_REMOTE_ENGINES: `{"engines": [{"model", "url", "dialect", "upstreamModel",
 * "keyVariable"}]}`. Keys stay in the environment; the file names their variables. Throws SettingsError.
 */
export function loadRemoteEngines(
  path: string,
  providerAccount: string,
  catalogue: readonly CatalogueEntry[],
  environment: NodeJS.ProcessEnv = process.env,
): RemoteEngine[] {
  if (path === '') return [];
  const result = checker.check(readJson(path));
  if (!result.ok)
    throw new SettingsError(`${path} is wrong at ${result.problem.field}: ${result.problem.message}.`);
  const engines = result.value.engines.map(({ model, url, dialect, upstreamModel, keyVariable }) => ({
    model: catalogueModelName(providerAccount, findCatalogueEntry(catalogue, model).name),
    url: url.replace(/\/+$/, ''),
    dialect,
    upstreamModel: upstreamModel ?? null,
    key: keyVariable === undefined ? null : readKey(path, keyVariable, environment),
  }));
  for (const [model, same] of Map.groupBy(engines, (engine) => engine.model)) {
    const facts = new Set(
      same.map(({ dialect, upstreamModel, key }) => JSON.stringify([dialect, upstreamModel, key])),
    );
    if (facts.size === 1) continue;
    throw new SettingsError(
      `${path}: the engines of ${model} must have the same dialect, upstreamModel and key.`,
    );
  }
  return engines;
}

function readKey(path: string, variable: string, environment: NodeJS.ProcessEnv): string {
  const key = environment[variable];
  if (key) return key;
  throw new SettingsError(`${path} takes a key from ${variable}, which is not set.`);
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new SettingsError(`The file of remote engines ${path} cannot be read: ${(error as Error).message}`);
  }
}
