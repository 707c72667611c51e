import { spawnSync } from 'node:child_process';

let supported: boolean | undefined;

/**
 * Words to put before a command so that the kernel sends it `signal` when this process dies, however it dies.
 * Empty where that does not exist (not Linux, or a setpriv without it): callers then need a second way to
 * leave no orphan. The signal follows the thread that spawns: spawn from the main thread.
 */
export function dieWithParent(signal: 'INT' | 'KILL'): string[] {
  if (supported === undefined) {
    const probe = spawnSync('setpriv', ['--pdeathsig', 'KILL', 'true'], { stdio: 'ignore' });
    supported = probe.status === 0;
  }
  return supported ? ['setpriv', '--pdeathsig', signal, '--'] : [];
}
