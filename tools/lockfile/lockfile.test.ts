import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listFiles, repositoryRoot } from '../checks/source-files.ts';
import { findMissingOptional, type Lockfile } from './missing-optional.ts';
import { platformOfPackage } from './platform-of-package.ts';

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(join(repositoryRoot, path), 'utf8')) as T;
}

interface Manifest {
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
}

test('npm ci would accept each lockfile: every optional package of every platform has its entry', () => {
  const lockfiles = listFiles().filter((path) => /(^|\/)package-lock\.json$/.test(path));
  expect(lockfiles).toContain('bench/anchors/package-lock.json');
  for (const path of lockfiles) expect(findMissingOptional(readJson<Lockfile>(path)), path).toEqual([]);
});

test('every manifest and the lockfile agree on exact versions', () => {
  const lockfile = readJson<Lockfile>('package-lock.json');
  const manifests = listFiles().filter((path) => /^(packages\/[^/]+\/)?package\.json$/.test(path));
  expect(manifests.length).toBeGreaterThan(5);
  for (const path of manifests) {
    const manifest = readJson<Manifest>(path);
    const locked = lockfile.packages[path.replace(/\/?package\.json$/, '')] as Manifest | undefined;
    expect(locked, `${path} is not in package-lock.json: run npm install`).toBeDefined();
    for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies'] as const) {
      expect(locked?.[kind] ?? {}, `${path} ${kind}`).toEqual(manifest[kind] ?? {});
      for (const [name, version] of Object.entries(manifest[kind] ?? {})) {
        expect(version, `${path}: pin ${name} exactly`).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
      }
    }
  }
});

test('nothing locked comes from a place of its own', () => {
  const { packages } = readJson<Lockfile & { packages: Record<string, { resolved?: string }> }>(
    'package-lock.json',
  );
  const elsewhere = Object.entries(packages).filter(([, { resolved }]) => resolved && /:\/\//.test(resolved));
  expect(elsewhere.map(([path]) => path)).toEqual([]);
});

test('a platform package says in its name where it runs', () => {
  expect(platformOfPackage('@a/cli-linux-x64-musl')).toEqual({ os: ['linux'], cpu: ['x64'], libc: ['musl'] });
  expect(platformOfPackage('@a/b-linux-arm-gnueabihf')).toEqual({
    os: ['linux'],
    cpu: ['arm'],
    libc: ['glibc'],
  });
  expect(platformOfPackage('@a/b-win32-arm64-msvc')).toEqual({ os: ['win32'], cpu: ['arm64'] });
  expect(platformOfPackage('@a/mac-arm64-metal')).toEqual({ os: ['darwin'], cpu: ['arm64'] });
  expect(() => platformOfPackage('@a/b-beos')).toThrow(/by hand/);
});
