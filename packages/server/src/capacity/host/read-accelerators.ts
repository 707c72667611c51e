import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** A processor for matrices beside the main one. */
export interface HostAccelerator {
  readonly kind: 'CUDA' | 'METAL';
  readonly name: string;
  /** Of its own; for Metal, which shares the main memory, 0. */
  readonly memoryBytes: number;
  readonly freeBytes: number;
  /** Version of its driver; empty when it has none of its own. */
  readonly driver: string;
}

export type RunProgram = (program: string, words: readonly string[]) => Promise<string>;

/** A driver that hangs must not hold up the start of a server. */
const timeoutMs = 5_000;

const runProgram: RunProgram = async (program, words) => {
  const { stdout } = await promisify(execFile)(program, words, { timeout: timeoutMs });
  return stdout;
};

/**
 * Accelerators of this host: NVIDIA's as nvidia-smi tells, Apple's as system_profiler does. Empty where the
 * program is not there or fails: then there is nothing that could be used.
 */
export async function readAccelerators(
  platform: NodeJS.Platform = process.platform,
  run: RunProgram = runProgram,
): Promise<HostAccelerator[]> {
  try {
    if (platform === 'darwin')
      return parseDisplays(await run('system_profiler', ['SPDisplaysDataType', '-json']));
    const fields = 'name,memory.total,memory.free,driver_version';
    return parseNvidia(await run('nvidia-smi', [`--query-gpu=${fields}`, '--format=csv,noheader,nounits']));
  } catch {
    // No driver, or one that does not answer.
    return [];
  }
}

const mebibyte = 1024 * 1024;

/** One line a device: `NVIDIA H200, 143771, 143167, 570.86.15`, memory in MiB. */
export function parseNvidia(output: string): HostAccelerator[] {
  return output.split('\n').flatMap((line): HostAccelerator[] => {
    const [name = '', total = '', free = '', driver = ''] = line.split(',').map((part) => part.trim());
    if (name === '' || !/^\d+$/.test(total)) return [];
    return [
      {
        kind: 'CUDA',
        name,
        memoryBytes: Number(total) * mebibyte,
        freeBytes: Number(free) * mebibyte,
        driver,
      },
    ];
  });
}

/** Displays' processors as macOS lists them; those without Metal are left out. */
export function parseDisplays(output: string): HostAccelerator[] {
  const { SPDisplaysDataType: displays = [] } = JSON.parse(output) as {
    SPDisplaysDataType?: Readonly<Record<string, unknown>>[];
  };
  return displays
    .filter((display) => 'spdisplays_mtlgpufamilysupport' in display || 'spdisplays_metal' in display)
    .map((display) => ({
      kind: 'METAL' as const,
      name: String(display.sppci_model ?? display._name ?? 'GPU'),
      memoryBytes: 0,
      freeBytes: 0,
      driver: '',
    }));
}
