/** What a platform package's name says about where it runs, in npm's words. */
export interface Platform {
  readonly os: string[];
  readonly cpu: string[];
  readonly libc?: string[];
}

const systems: Readonly<Record<string, string>> = {
  linux: 'linux',
  darwin: 'darwin',
  mac: 'darwin',
  win32: 'win32',
  win: 'win32',
  android: 'android',
  freebsd: 'freebsd',
  openharmony: 'openharmony',
  openbsd: 'openbsd',
  netbsd: 'netbsd',
  sunos: 'sunos',
  aix: 'aix',
};

const processors: Readonly<Record<string, string>> = {
  x64: 'x64',
  arm64: 'arm64',
  arm: 'arm',
  ia32: 'ia32',
  ppc64: 'ppc64',
  riscv64: 'riscv64',
  s390x: 's390x',
  loong64: 'loong64',
};

/**
 * Reads names such as `@biomejs/cli-linux-x64-musl` and `@oxc-parser/binding-win32-arm64-msvc`.
 * Throws when the name doesn't say: then the entry must be written by hand.
 */
export function platformOfPackage(name: string): Platform {
  const words = name.split(/[/-]/);
  const os = words.map((word) => systems[word]).find((word) => word !== undefined);
  const cpu = words.map((word) => processors[word]).find((word) => word !== undefined);
  if (os === undefined || cpu === undefined) {
    throw new Error(
      `${name}: its name doesn't tell system and processor; add its entry to package-lock.json by hand.`,
    );
  }
  const last = words.at(-1) ?? '';
  if (os !== 'linux') return { os: [os], cpu: [cpu] };
  if (last.startsWith('musl')) return { os: [os], cpu: [cpu], libc: ['musl'] };
  if (last.startsWith('gnu')) return { os: [os], cpu: [cpu], libc: ['glibc'] };
  return { os: [os], cpu: [cpu] };
}
