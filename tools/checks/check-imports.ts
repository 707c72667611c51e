import { posix } from 'node:path';
import { findImports, type Import } from './find-imports.ts';
import { allowedPackages, folderRules, processPackages } from './import-rules.ts';
import type { SourceFile } from './source-files.ts';

/** Breaches of the import rules, one line each: where, what, why. */
export function checkImports(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) =>
    findImports(file).flatMap((found) => {
      const problem = judgeImport(file.path, found);
      return problem === null ? [] : [`${file.path}:${found.line} imports ${found.specifier}: ${problem}`];
    }),
  );
}

interface Place {
  /** `tests`, `bench`, `tools` or the package. */
  readonly room: string;
  /** First folder below src, or '' for files right there. */
  readonly folder: string;
  readonly isPackage: boolean;
}

function judgeImport(path: string, { specifier, isTypeOnly }: Import): string | null {
  const from = placeOf(path);
  const target = resolveTarget(path, specifier);
  if (target === null) return judgePlanner(path, isTypeOnly);
  if (target.startsWith('..')) return 'it lies outside the repository';
  const to = placeOf(target);
  if (from.isPackage && !to.isPackage) return 'packages import nothing of tests, bench or tools';
  if (!from.isPackage) return null;
  if (to.room !== from.room) return judgePackages(from, to, specifier);
  // Contracts may be shared as types, and a test may bring its subject together with what surrounds it.
  const isBound = !isTypeOnly && !/\.test\.tsx?$/.test(path);
  return (isBound ? judgeFolders(from, to) : null) ?? judgePlanner(path, isTypeOnly);
}

/** Path from the root of what is imported, or null for Node's modules and packages of others. */
function resolveTarget(path: string, specifier: string): string | null {
  const own = /^@sparkler\/([^/]+)(\/.*)?$/.exec(specifier);
  if (own) return `packages/${own[1]}/src${own[2] ?? '/index.ts'}`;
  if (!specifier.startsWith('.')) return null;
  return posix.normalize(posix.join(posix.dirname(path), specifier));
}

function placeOf(path: string): Place {
  const [top = '', name = '', , folder = '', ...rest] = path.split('/');
  if (top !== 'packages') return { room: top, folder: '', isPackage: false };
  return { room: name, folder: rest.length > 0 ? folder : '', isPackage: true };
}

function judgePackages(from: Place, to: Place, specifier: string): string | null {
  if (specifier.startsWith('.')) return `reach another package by its name (@sparkler/${to.room})`;
  if (processPackages.includes(to.room)) return `${to.room} is a process of its own, met over HTTP or JSONL`;
  const allowed = allowedPackages[from.room];
  if (allowed === undefined) return `add the package ${from.room} to tools/checks/import-rules.ts`;
  if (allowed.includes(to.room)) return null;
  return `${from.room} may import ${allowed.length > 0 ? allowed.join(', ') : 'no other package'}`;
}

function judgeFolders(from: Place, to: Place): string | null {
  const rule = folderRules[from.room]?.find(
    (candidate) => candidate.from === from.folder && candidate.mayNotImport.includes(to.folder),
  );
  return rule === undefined ? null : `${from.folder} may not import ${to.folder} (${rule.why})`;
}

/** `plan.ts` decides from values alone. */
function judgePlanner(path: string, isTypeOnly: boolean): string | null {
  return path.endsWith('/plan.ts') && !isTypeOnly
    ? 'plan.ts imports only types: it decides from what it is given'
    : null;
}
