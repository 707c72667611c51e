/**
 * Adds the optional platform packages that npm left out of the lockfiles, those of the anchors included.
 *
 * npm writes an optional dependency into the lockfile only if it could read its metadata at that moment; one
 * package that a registry mirror lacks is dropped without a word, and from then on `npm ci` refuses the whole
 * lockfile ("Missing: … from lock file"). An entry with version, os and cpu is all that `npm ci` needs to
 * know that a package is for another platform. Where npm could not give an integrity, none is written: the
 * entry then pins the version only.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listFiles, repositoryRoot } from '../checks/source-files.ts';
import { findMissingOptional, type Lockfile } from './missing-optional.ts';
import { platformOfPackage } from './platform-of-package.ts';

function completeLockfile(lockfile: Lockfile): string[] {
  const added: string[] = [];
  for (const missing of findMissingOptional(lockfile)) {
    const parent = lockfile.packages[missing.requiredBy];
    lockfile.packages[missing.path] = {
      version: missing.version,
      ...platformOfPackage(missing.name),
      ...(parent?.dev ? { dev: true } : {}),
      ...(parent?.license ? { license: parent.license } : {}),
      optional: true,
    };
    added.push(`${missing.name}@${missing.version}`);
  }
  lockfile.packages = Object.fromEntries(
    Object.entries(lockfile.packages).sort(([a], [b]) => a.localeCompare(b, 'en')),
  );
  return added;
}

for (const path of listFiles().filter((file) => /(^|\/)package-lock\.json$/.test(file))) {
  const lockfilePath = join(repositoryRoot, path);
  const lockfile = JSON.parse(readFileSync(lockfilePath, 'utf8')) as Lockfile;
  const added = completeLockfile(lockfile);
  if (added.length > 0) writeFileSync(lockfilePath, `${JSON.stringify(lockfile, null, 2)}\n`);
  process.stdout.write(
    added.length === 0 ? `${path} is complete.\n` : `${path}: added ${added.join(', ')}.\n`,
  );
}
