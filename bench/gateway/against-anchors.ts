import { type BenchRow, makeRow } from '../bench-row.ts';
import { readCpuUs, startLiteLlm, startPortkey } from './anchors.ts';
import { gatewayTarget, quantile, send, sendFlatOut, type Target } from './load.ts';
import type { BenchProcesses } from './processes.ts';

const messages = [{ role: 'user', content: 'Write one line about the sea.' }];
const whole = JSON.stringify({ model: 'tiny', messages, max_tokens: 1, temperature: 0 });
const ROUNDS = 3;

interface Figures {
  readonly perCore: number[];
  readonly p50: number[];
}

/**
 * Ours, with key, limits, spend reservation and usage, beside gateways with less to do, before the same
 * replica: in turns, so that all see the same neighbours. Requests a second of one core are those that a
 * second of the process's own processor time carried: what else runs on the machine does not count.
 */
export async function measureAgainstAnchors(
  processes: BenchProcesses,
  seconds: number,
  tell: (text: string) => void,
): Promise<BenchRow[]> {
  const { pacedGateway: own, pacedPort, folder } = processes;
  tell('starts Portkey and LiteLLM, installing them on first use');
  const portkey = await startPortkey(pacedPort);
  const liteLlm = await startLiteLlm(folder, pacedPort);
  const ours = { name: 'ours', target: gatewayTarget(own.baseUrl), processId: own.processId };
  const entries = [ours, portkey, liteLlm].map((gateway) => {
    const figures: Figures = { perCore: [], p50: [] };
    return { gateway, figures };
  });
  try {
    for (const { gateway } of entries) await sendFlatOut(gateway.target, whole, 8, seconds);
    for (let round = 0; round < ROUNDS; round++) {
      tell(`beside other gateways, round ${round + 1} of ${ROUNDS}`);
      for (const { gateway, figures } of entries) {
        figures.perCore.push(await measurePerCore(gateway.processId, gateway.target, seconds));
        figures.p50.push(await measureLatency(gateway.target));
      }
    }
  } finally {
    await portkey.stop();
    await liteLlm.stop();
  }
  const [us, ...others] = entries;
  return others.flatMap(({ gateway, figures }) =>
    compare(gateway.name, us!.figures, figures, gateway === portkey ? 3 : 20),
  );
}

function compare(anchorName: string, ours: Figures, anchor: Figures, times: number): BenchRow[] {
  const row = (metric: string, unit: string, key: keyof Figures, goal: string) =>
    makeRow({
      metric,
      unit,
      ours: quantile(ours[key], 0.5),
      anchor: quantile(anchor[key], 0.5),
      anchorName,
      goal,
    });
  return [
    row('requests per second of one core', '1/s', 'perCore', `>= ${times}`),
    row('latency p50, one at a time', 'ms', 'p50', '<= 1'),
  ];
}

async function measurePerCore(processId: number, target: Target, seconds: number): Promise<number> {
  const beforeUs = readCpuUs(processId);
  const startMs = performance.now();
  const rate = await sendFlatOut(target, whole, 16, seconds);
  const count = (rate * (performance.now() - startMs)) / 1000;
  return count / ((readCpuUs(processId) - beforeUs) / 1e6);
}

async function measureLatency(target: Target): Promise<number> {
  const durations: number[] = [];
  for (let index = 0; index < 40; index++) durations.push((await send(target, whole)).durationMs);
  return quantile(durations, 0.5);
}
