import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { LlamaError } from '../llama-error.ts';

/** What computes: the processor alone, or a family of accelerators beside it. */
export type Backend = 'cpu' | 'cuda' | 'vulkan' | 'metal';

/** The release of `@node-llama-cpp/*` whose struct layouts are declared here. */
export const PACKAGE_VERSION = '3.22.1';

const SCOPE = '@node-llama-cpp';

/**
 * Package of each platform and backend. The Metal build also computes on the processor (with no layers
 * offloaded).
 */
const PACKAGES: Readonly<Record<string, Partial<Record<Backend, string>>>> = {
  'linux-x64': { cuda: 'linux-x64-cuda', vulkan: 'linux-x64-vulkan', cpu: 'linux-x64' },
  'linux-arm64': { cpu: 'linux-arm64' },
  'linux-arm': { cpu: 'linux-armv7l' },
  'linux-riscv64': { cpu: 'linux-riscv64' },
  'darwin-arm64': { metal: 'mac-arm64-metal', cpu: 'mac-arm64-metal' },
  'darwin-x64': { cpu: 'mac-x64' },
  'win32-x64': { cuda: 'win-x64-cuda', vulkan: 'win-x64-vulkan', cpu: 'win-x64' },
  'win32-arm64': { cpu: 'win-arm64' },
};

/** Files of one build of llama.cpp. */
export interface LibraryFiles {
  readonly backend: Backend;
  /** Folder with the backends that ggml picks from (one per processor generation, one per accelerator). */
  readonly folder: string;
  /** Further folders with backends, tried when the first brings no accelerator. */
  readonly fallbackFolders: readonly string[];
  readonly ggmlBase: string;
  readonly ggml: string;
  readonly llama: string;
}

/**
 * Finds the shared libraries for a backend. `auto` takes the best that is installed: CUDA, Metal, Vulkan,
 * processor. Throws LlamaError naming the package to install when there is none.
 */
export function resolveLibraryFiles(
  backend: Backend | 'auto',
  platform = `${process.platform}-${process.arch}`,
): LibraryFiles {
  const packages = PACKAGES[platform];
  if (packages === undefined) {
    const known = Object.keys(PACKAGES).join(', ');
    throw new LlamaError(`no prebuilt llama.cpp for ${platform}; there are builds for ${known}`);
  }
  const wanted: readonly Backend[] = backend === 'auto' ? ['cuda', 'metal', 'vulkan', 'cpu'] : [backend];
  for (const candidate of wanted) {
    const name = packages[candidate];
    const root = name === undefined ? null : findPackage(`${SCOPE}/${name}`);
    if (name !== undefined && root !== null) return describeFiles(candidate, root, name);
  }
  const names = wanted.flatMap((candidate) => packages[candidate] ?? []);
  if (names.length === 0) throw new LlamaError(`the ${backend} backend does not exist for ${platform}`);
  throw new LlamaError(
    `the ${backend} backend needs a package that is not installed: npm install ${SCOPE}/${names.at(-1)}@${PACKAGE_VERSION}`,
  );
}

/** Same, for a folder with self-built libraries of the same release. */
export function describeLibraryFolder(backend: Backend, folder: string): LibraryFiles {
  const files = existsSync(folder) ? readdirSync(folder) : [];
  const find = (what: string, pattern: RegExp): string => {
    const file = files.find((candidate) => pattern.test(candidate));
    if (file === undefined)
      throw new LlamaError(`${folder} holds no ${what} library (looked for ${pattern})`);
    return join(folder, file);
  };
  const ending = '(\\.[a-z]+)?(\\.v[\\d.]+)?\\.(so|dylib|dll)$';
  return {
    backend,
    folder,
    fallbackFolders: [],
    ggmlBase: find('ggml-base', /^(lib)?ggml-base\.(so|dylib|dll)$/),
    ggml: find('ggml', new RegExp(`^(lib)?ggml${ending}`)),
    llama: find('llama', new RegExp(`^(lib)?llama${ending}`)),
  };
}

function describeFiles(backend: Backend, root: string, name: string): LibraryFiles {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  if (version !== PACKAGE_VERSION) {
    throw new LlamaError(
      `${SCOPE}/${name} is ${version}, but the struct layouts declared here are those of ${PACKAGE_VERSION}: ` +
        `npm install ${SCOPE}/${name}@${PACKAGE_VERSION}`,
    );
  }
  const files = describeLibraryFolder(backend, join(root, 'bins', name));
  // CUDA builds for older drivers come in a package of their own.
  const extension = findPackage(`${SCOPE}/${name}-ext`);
  const fallback = extension === null ? null : join(extension, 'bins', `${name}-ext`, 'fallback');
  return { ...files, fallbackFolders: fallback !== null && existsSync(fallback) ? [fallback] : [] };
}

function findPackage(name: string): string | null {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return null;
    throw error;
  }
}
