import { setTimeout as sleep } from 'node:timers/promises';
import {
  makeDataFolder,
  removeFolder,
  startTestServer,
  stopServer,
  type TestServer,
} from '../../packages/server/src/bootstrap/testing.ts';

/** When a gateway is killed: so long after it gave so many answers, over all its lives. */
export interface Kill {
  readonly afterAnswers: number;
  readonly delayMs: number;
}

/** A gateway process that is killed by plan, and comes back on the same folder each time. */
export interface MortalGateway {
  /** Its life of now; while it is dead, the next one. */
  life(): Promise<TestServer>;
  /** Its next kill is planned by these. */
  countAnswer(): void;
  /** Ends in order what lives, once the last kill has been made good. */
  stop(): Promise<void>;
  remove(): Promise<void>;
}

/** `onLife` hears of each life after the first, as soon as it listens. */
export async function startMortalGateway(
  env: Readonly<Record<string, string>>,
  kills: readonly Kill[],
  onLife: (baseUrl: string) => Promise<void>,
): Promise<MortalGateway> {
  const dataFolder = await makeDataFolder();
  const start = () => startTestServer({ dataFolder, env: { ...env, SPARKLER_ROLES: 'gateway' } });
  let current = start();
  await current;
  let answers = 0;
  const left = [...kills];
  /** One after the other, so that no life is killed twice. */
  let killing = Promise.resolve();

  async function startAgain(): Promise<TestServer> {
    const life = await start();
    // Before anything is sent to it: what comes may bring its death.
    await onLife(life.baseUrl);
    return life;
  }

  async function kill({ delayMs }: Kill): Promise<void> {
    const { child, ended } = await current;
    await sleep(delayMs);
    child.kill('SIGKILL');
    current = ended.then(startAgain);
    await current;
  }

  return {
    life: () => current,
    countAnswer() {
      answers += 1;
      if (left.length === 0 || answers < left[0]!.afterAnswers) return;
      const next = left.shift()!;
      killing = killing.then(() => kill(next));
      // What went wrong is for `stop` to tell.
      killing.catch(() => undefined);
    },
    async stop() {
      await killing;
      if (left.length > 0) throw new Error(`${left.length} kills of a gateway were never made`);
      await stopServer(await current);
    },
    async remove() {
      // A life that starts just now would outlive its folder.
      await killing.catch(() => undefined);
      await removeFolder(dataFolder);
    },
  };
}
