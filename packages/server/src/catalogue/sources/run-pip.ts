import { spawn } from 'node:child_process';

export interface PipResult {
  readonly exitCode: number;
  /** Last lines of its error output. */
  readonly stderr: string;
}

const stderrCharactersMax = 8_000;

/** Runs `python3 -m pip`. Rejects with the abort reason; every other failure is a result. */
export async function runPip(
  pipArguments: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<PipResult> {
  const python = process.platform === 'win32' ? 'python' : 'python3';
  const result = await new Promise<PipResult>((resolve) => {
    const child = spawn(python, ['-m', 'pip', ...pipArguments], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env,
      signal,
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-stderrCharactersMax);
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      const text = error.code === 'ENOENT' ? `${python} is not installed` : error.message;
      resolve({ exitCode: 127, stderr: text });
    });
    child.on('close', (code) => resolve({ exitCode: code ?? 1, stderr }));
  });
  signal.throwIfAborted();
  return result;
}

const unreachable =
  "the Python package index cannot be reached: check the network, or pip's own settings " +
  '(python3 -m pip config list)';

const explanations: readonly (readonly [RegExp, string])[] = [
  [/python3? is not installed/, 'Python 3 is not installed; on Debian: apt-get install python3-pip'],
  [/No module named pip/, 'Python has no pip; on Debian: apt-get install python3-pip'],
  [/Name or service not known|Temporary failure in name resolution|Network is unreachable/, unreachable],
  [/ProxyError|NewConnectionError|ConnectTimeout|Max retries exceeded/, unreachable],
  [/SSLError|CERTIFICATE_VERIFY_FAILED/, "the package index's certificate is not trusted: see PIP_CERT"],
  [
    /No matching distribution found|Could not find a version/,
    'the package index that pip uses does not have it',
  ],
  [/No space left on device/, 'the disk is full'],
  [/HASH|hashes/i, 'it arrived with the wrong content; try again'],
];

/** One sentence for people; pip's own last line where the cause is unknown. */
export function explainPipFailure({ exitCode, stderr }: PipResult): string {
  const known = explanations.find(([pattern]) => pattern.test(stderr));
  if (known) return known[1];
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  return `pip ended with ${exitCode}: ${lines.at(-1)?.trim() ?? 'no message'}`;
}
