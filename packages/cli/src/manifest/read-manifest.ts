import { readFile } from 'node:fs/promises';
import { isAlias, parseAllDocuments, visit } from 'yaml';
import { resources } from '../contract.ts';
import { UsageError } from '../exit-codes.ts';
import { type Noun, nouns } from '../nouns.ts';

/** One resource as a file declares it: what is not named is left as it is. */
export interface Declared {
  readonly noun: Noun;
  /** Id or full name. */
  readonly name: string;
  readonly spec: Readonly<Record<string, unknown>>;
  /** Where it stands, for errors: `deployments.yaml, document 2`. */
  readonly place: string;
}

/** Nouns that files may declare: they can be read, and created or changed. */
export const declarable: readonly Noun[] = nouns.filter(({ key }) => {
  const { methods } = resources[key];
  return methods.get !== undefined && (methods.create?.kind === 'create' || methods.update !== undefined);
});

/**
 * Resources of a YAML file (several documents) or a JSON file (one, or a list). Throws UsageError by place.
 */
export async function readManifest(path: string): Promise<Declared[]> {
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new UsageError(`${path} cannot be read: ${error.message}`);
  });
  // JSON is YAML too.
  const documents = parseAllDocuments(text);
  if (!Array.isArray(documents)) throw new UsageError(`${path} is empty`);
  return documents.flatMap((document, index) => {
    const place = documents.length === 1 ? path : `${path}, document ${index + 1}`;
    const [problem] = document.errors;
    if (problem !== undefined) throw new UsageError(`${place}: ${problem.message.split('\n')[0]}`);
    visit(document, (_key, node) => {
      if (isAlias(node)) throw new UsageError(`${place}: aliases (*name) are not taken; write the value`);
    });
    const value: unknown = document.toJS();
    if (value === null) return [];
    return (Array.isArray(value) ? value : [value]).map((item) => readDeclared(item, place));
  });
}

function readDeclared(value: unknown, place: string): Declared {
  const { kind, name, spec, ...others } = (value ?? {}) as Record<string, unknown>;
  const unknown = Object.keys(others)[0];
  if (unknown !== undefined) throw new UsageError(`${place}: '${unknown}' is neither kind, name nor spec`);
  const noun = declarable.find(({ key, singular }) => kind === singular || kind === resources[key].noun);
  if (noun === undefined) {
    const kinds = declarable.map(({ singular }) => singular).join(', ');
    throw new UsageError(`${place}: kind '${String(kind)}' is not one of ${kinds}`);
  }
  if (typeof name !== 'string' || name === '')
    throw new UsageError(`${place}: name must be an id or full name`);
  if (typeof spec !== 'object' || spec === null) throw new UsageError(`${place}: spec must hold the fields`);
  for (const field of Object.keys(spec)) {
    const schema = resources[noun.key].schema.properties?.[field];
    if (schema === undefined || schema['x-access'] === 'output')
      throw new UsageError(`${place}: ${noun.singular} has no field '${field}' that can be set`);
  }
  return { noun, name, spec: spec as Record<string, unknown>, place };
}
