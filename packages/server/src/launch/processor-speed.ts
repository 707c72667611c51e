import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';

/** What a thread of this host's processor computes, kept so that it is measured once. */
export interface ProcessorSpeed {
  /** Operations a second; null: not measured yet, or on another processor. */
  read(): Promise<number | null>;
  write(flopsPerThread: number): Promise<void>;
}

const fileName = 'processor-speed.json';

/** The figure in a folder, by processor model: a folder may move to another machine. */
export function openProcessorSpeed(folder: string, processor = cpus()[0]?.model ?? ''): ProcessorSpeed {
  const path = join(folder, fileName);
  return {
    async read() {
      const flops = (await readAll(path))[processor];
      return typeof flops === 'number' && flops > 0 ? flops : null;
    },
    async write(flopsPerThread) {
      const all = { ...(await readAll(path)), [processor]: flopsPerThread };
      await mkdir(folder, { recursive: true, mode: 0o700 });
      // Two previews may measure at the same time: each writes a whole file.
      const partial = `${path}.${randomUUID()}`;
      await writeFile(partial, JSON.stringify(all), { mode: 0o600 });
      await rename(partial, path);
    },
  };
}

/** What is not readable is measured again. */
async function readAll(path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    const all: unknown = JSON.parse(await readFile(path, 'utf8'));
    return typeof all === 'object' && all !== null ? { ...all } : {};
  } catch {
    // Not there yet, or cut off by a full disk.
    return {};
  }
}
