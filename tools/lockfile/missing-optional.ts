/** The fields of package-lock.json (version 3) that the tools read. */
export interface LockedPackage {
  version?: string;
  integrity?: string;
  link?: boolean;
  dev?: boolean;
  optional?: boolean;
  license?: string;
  os?: string | string[];
  cpu?: string | string[];
  libc?: string | string[];
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

export interface Lockfile {
  lockfileVersion: number;
  packages: Record<string, LockedPackage>;
}

export interface MissingOptional {
  readonly name: string;
  readonly version: string;
  /** Key that the entry gets in `packages`. */
  readonly path: string;
  /** Key of the package that asks for it. */
  readonly requiredBy: string;
}

/** Optional dependencies without an entry: `npm ci` refuses a lockfile that has any. */
export function findMissingOptional(lockfile: Lockfile): MissingOptional[] {
  const missing = new Map<string, MissingOptional>();
  for (const [requiredBy, locked] of Object.entries(lockfile.packages)) {
    for (const [name, range] of Object.entries(locked.optionalDependencies ?? {})) {
      if (isLocked(lockfile, requiredBy, name)) continue;
      const path = `node_modules/${name}`;
      missing.set(path, { name, version: exactVersion(name, range), path, requiredBy });
    }
  }
  return [...missing.values()];
}

/** Looks where Node would: beside the package, then in each folder above. */
function isLocked(lockfile: Lockfile, requiredBy: string, name: string): boolean {
  for (let folder = requiredBy; ; folder = parentFolder(folder)) {
    const key = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (lockfile.packages[key] !== undefined) return true;
    if (folder === '') return false;
  }
}

function parentFolder(path: string): string {
  const cut = path.lastIndexOf('/node_modules/');
  return cut === -1 ? '' : path.slice(0, cut);
}

function exactVersion(name: string, range: string): string {
  if (/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(range)) return range;
  throw new Error(
    `package-lock.json has no entry of ${name}, wanted as "${range}", and only an exact version can be ` +
      'filled in. Run "npm install" where the registry has it.',
  );
}
