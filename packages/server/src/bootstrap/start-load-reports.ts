import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { DeploymentLoad, DeploymentLoads } from '../inference/deployment-loads.ts';
import type { Database } from '../store/database.ts';
import { writeGatewayLoads } from '../store/gateway-loads.ts';
import type { StopList } from './stop-list.ts';

/** As often as the autoscaler looks. */
const reportMs = 5_000;

/** Tells the database what this gateway is asked for. Writes nothing for deployments that nobody uses. */
export function startLoadReports(
  { db, loads, log }: { readonly db: Database; readonly loads: DeploymentLoads; readonly log: Logger },
  stops: StopList,
): void {
  const gateway = randomUUID();
  let told: ReadonlyMap<string, DeploymentLoad> = new Map();
  let running: Promise<void> | null = null;
  async function report(): Promise<void> {
    const current = loads.list();
    const changed = [...current].flatMap(([deployment, load]) => {
      const before = told.get(deployment);
      const isActive = load.concurrent > 0 || load.requests !== before?.requests;
      const isNews = isActive || before?.concurrent !== 0 || load.tokens !== before.tokens;
      return isNews ? [{ deployment, ...load, isActive }] : [];
    });
    await writeGatewayLoads(db, gateway, changed, new Date());
    told = current;
  }
  const run = (): void => {
    running ??= report()
      .catch((error) => log.warn({ err: error }, 'the load could not be told; the next report tells it'))
      .finally(() => {
        running = null;
      });
  };
  const timer = setInterval(run, reportMs).unref();
  stops.add('load reports', async () => {
    clearInterval(timer);
    await running;
  });
}
