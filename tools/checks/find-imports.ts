import { parseSync } from 'oxc-parser';
import type { SourceFile } from './source-files.ts';

/** One import or re-export, as written. */
export interface Import {
  readonly specifier: string;
  /** Nothing of it remains at run time. */
  readonly isTypeOnly: boolean;
  /** From 1. */
  readonly line: number;
}

/** Static and dynamic imports and re-exports of a file. Throws if it can't be parsed. */
export function findImports({ path, text }: SourceFile): Import[] {
  const { module, errors } = parseSync(path, text);
  if (errors[0]) throw new Error(`${path}: ${errors[0].message}`);
  const lineOf = (offset: number) => text.slice(0, offset).split('\n').length;
  const imports = module.staticImports.map(({ moduleRequest, entries, start, end }) => ({
    specifier: moduleRequest.value,
    isTypeOnly:
      isTypeStatement(text, start, end) || (entries.length > 0 && entries.every((entry) => entry.isType)),
    line: lineOf(start),
  }));
  const exports = module.staticExports.flatMap(({ entries, start, end }) =>
    entries.flatMap(({ moduleRequest, isType }) =>
      moduleRequest
        ? [
            {
              specifier: moduleRequest.value,
              isTypeOnly: isType || isTypeStatement(text, start, end),
              line: lineOf(start),
            },
          ]
        : [],
    ),
  );
  const dynamic = module.dynamicImports.flatMap(({ moduleRequest, start }) => {
    const written = text.slice(moduleRequest.start, moduleRequest.end);
    const literal = /^(['"`])([^'"`$]+)\1$/.exec(written)?.[2];
    return literal === undefined ? [] : [{ specifier: literal, isTypeOnly: false, line: lineOf(start) }];
  });
  return [...imports, ...exports, ...dynamic];
}

/** `import type {}` and `export type * from` have no entry that says so. */
function isTypeStatement(text: string, start: number, end: number): boolean {
  return /^(import|export)\s+type\b(?!\s*(,|from\b))/.test(text.slice(start, end));
}
