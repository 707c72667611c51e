import type { BenchOptions, BenchReport, BenchRow } from '../bench-row.ts';
import { measureAgainstAnchors } from './against-anchors.ts';
import {
  type Answer,
  gatewayTarget,
  quantile,
  send,
  sendAtRate,
  sendFlatOut,
  socketTarget,
  type Target,
} from './load.ts';
import { type BenchProcesses, type GatewayProcess, startProcesses } from './processes.ts';

export const name = 'gateway';

const messages = [{ role: 'user', content: 'Write one line about the sea.' }];
const short = JSON.stringify({ model: 'tiny', messages, max_tokens: 1, temperature: 0 });
const RATE = 500;
const ROUNDS = 9;
const STREAMS = 512;
const PACED_CHUNKS = 40;
const FAST_CHUNKS = 256;

/** What the gateway adds to calling the engine directly, in the same run and interleaved with it. */
export async function run(options: BenchOptions = {}): Promise<BenchReport> {
  const { seconds = 3, quick = false, tell = () => undefined } = options;
  const processes = await startProcesses();
  try {
    const rows = [
      ...(await measureAdded(processes, seconds)),
      ...(await measureThroughput(processes, seconds)),
      ...(await measureCosts(processes.pacedGateway, seconds)),
      ...(await measurePacedStreams(processes)),
      ...(await measureMemory(processes.pacedGateway, quick ? 5_000 : 100_000)),
      ...(await measureAgainstAnchors(processes, seconds, tell)),
    ];
    return { name, rows };
  } finally {
    await processes.stop();
  }
}

/**
 * Latency added at a steady rate: short blocks of direct and gateway traffic in turn, so that both see the
 * same neighbours. The median of the blocks' p50, and the p99 of each one's quietest block: a p99 is made by
 * whatever else runs on the machine as soon as anything does.
 */
async function measureAdded(processes: BenchProcesses, seconds: number): Promise<BenchRow[]> {
  const direct = socketTarget(processes.pacedSocket);
  const through = gatewayTarget(processes.pacedGateway.baseUrl);
  await warmUp(direct, through);
  const blocks: { direct: number[]; through: number[] }[] = [];
  const measure = async (target: Target) => {
    const answers = await sendAtRate(target, short, RATE, seconds / 2);
    return answers.map((answer) => answer.durationMs);
  };
  for (let round = 0; round < ROUNDS; round++) {
    blocks.push({ direct: await measure(direct), through: await measure(through) });
  }
  const over = (side: 'direct' | 'through', part: number, ofBlocks: number) => {
    const perBlock = blocks.map((block) => quantile(block[side], part));
    return quantile(perBlock, ofBlocks);
  };
  const at = (part: number, ofBlocks: number) => ({
    ours: over('through', part, ofBlocks),
    anchor: over('direct', part, ofBlocks),
  });
  return [
    addedRow(`added latency p50 at ${RATE} requests/s`, at(0.5, 0.5), 1),
    addedRow(`added latency p99 at ${RATE} requests/s, quietest block`, at(0.99, 0), 1),
  ];
}

function addedRow(metric: string, times: { ours: number; anchor: number }, goalMs: number): BenchRow {
  const added = times.ours - times.anchor;
  return {
    metric,
    unit: 'ms',
    ours: round(added),
    anchor: round(times.anchor),
    anchorName: 'the whole request, sent to the replica directly',
    ratio: round(added / times.anchor),
    goal: `< ${goalMs} ms added`,
    holds: added < goalMs,
  };
}

function costRow(metric: string, us: number, goalUs: number): BenchRow {
  const goal = `< ${goalUs} us`;
  return {
    metric,
    unit: 'us',
    ours: round(us),
    anchor: null,
    anchorName: null,
    ratio: null,
    goal,
    holds: us < goalUs,
  };
}

/** Flat out against the scripted engine: both share the machine with the load, as they do in production. */
async function measureThroughput(processes: BenchProcesses, seconds: number): Promise<BenchRow[]> {
  const direct = socketTarget(processes.engineSocket);
  const through = gatewayTarget(processes.engineGateway.baseUrl);
  await warmUp(direct, through);
  const rates = { direct: [] as number[], through: [] as number[] };
  for (let turn = 0; turn < 3; turn++) {
    rates.direct.push(await sendFlatOut(direct, short, 32, seconds));
    rates.through.push(await sendFlatOut(through, short, 32, seconds));
  }
  const anchor = quantile(rates.direct, 0.5);
  const ours = quantile(rates.through, 0.5);
  const ratio = ours / anchor;
  return [
    {
      metric: 'requests per second, 32 at once, scripted engine',
      unit: '1/s',
      ours: round(ours),
      anchor: round(anchor),
      anchorName: 'the scripted engine called directly',
      ratio: round(ratio),
      goal: '>= 0.6 of direct',
      holds: ratio >= 0.6,
    },
  ];
}

/**
 * CPU of the gateway process flat out. At low rates the kernel's work of waking up is several times as much.
 */
async function measureCosts(gateway: GatewayProcess, seconds: number): Promise<BenchRow[]> {
  const through = gatewayTarget(gateway.baseUrl);
  const requests = await gateway.use();
  const startMs = performance.now();
  const rate = await sendFlatOut(through, short, 16, seconds);
  const count = (rate * (performance.now() - startMs)) / 1000;
  const between = await gateway.use();
  const body = JSON.stringify({ model: 'tiny', messages, stream: true, max_tokens: FAST_CHUNKS });
  await sendMany(through, body, 20, 8);
  const streams = 200;
  const before = await gateway.use();
  await sendMany(through, body, streams, 8);
  const after = await gateway.use();
  return [
    costRow('gateway CPU per request', (between.cpuUs - requests.cpuAfterUs) / count, 250),
    costRow(
      'gateway CPU per streamed chunk',
      (after.cpuUs - before.cpuAfterUs) / (streams * FAST_CHUNKS),
      20,
    ),
  ];
}

/** Many slow streams at once: nothing lost, first token soon, memory bounded. */
async function measurePacedStreams(processes: BenchProcesses): Promise<BenchRow[]> {
  const { pacedGateway: gateway } = processes;
  const body = JSON.stringify({ model: 'tiny', messages, stream: true, max_tokens: PACED_CHUNKS, top_k: 50 });
  const stream = (target: Target) => Promise.all(Array.from({ length: STREAMS }, () => send(target, body)));
  const direct = await stream(socketTarget(processes.pacedSocket));
  const before = await gateway.use();
  const through = await stream(gatewayTarget(gateway.baseUrl));
  const after = await gateway.use();
  const lost = through.filter((answer) => answer.frames !== PACED_CHUNKS + 2).length;
  const first = (list: readonly Answer[]) =>
    quantile(
      list.map((answer) => answer.firstByteMs),
      0.5,
    );
  return [
    {
      metric: `streams with a lost frame, ${STREAMS} paced at once`,
      unit: 'streams',
      ours: lost,
      anchor: null,
      anchorName: null,
      ratio: null,
      goal: '0',
      holds: lost === 0,
    },
    addedRow(
      `added time to first token p50, ${STREAMS} streams started at once`,
      {
        ours: first(through),
        anchor: first(direct),
      },
      500,
    ),
    grownRow(`resident memory grown by ${STREAMS} streams`, after.residentBytes - before.residentBytes, 100),
  ];
}

/**
 * Flat memory: what is in use after so many requests beside after a tenth of them, and what the process holds
 * over the second half, when every buffer and V8's own spaces have their size.
 */
async function measureMemory(gateway: GatewayProcess, count: number): Promise<BenchRow[]> {
  const through = gatewayTarget(gateway.baseUrl);
  await sendMany(through, short, count / 10, 16);
  const tenth = await gateway.use();
  await sendMany(through, short, (count * 4) / 10, 16);
  const half = await gateway.use();
  await sendMany(through, short, count / 2, 16);
  const whole = await gateway.use();
  const requests = `${count.toLocaleString('en')} requests`;
  return [
    grownRow(`memory in use grown by ${requests}, after the first tenth`, whole.liveBytes - tenth.liveBytes),
    grownRow(`resident memory grown by ${requests}, second half`, whole.residentBytes - half.residentBytes),
  ];
}

function grownRow(metric: string, bytes: number, goalMb = 20): BenchRow {
  return {
    metric,
    unit: 'MB',
    ours: round(bytes / 1e6),
    anchor: null,
    anchorName: null,
    ratio: null,
    goal: `< ${goalMb} MB`,
    holds: bytes < goalMb * 1e6,
  };
}

/**
 * So many that V8 has compiled what it will: the first 20,000 requests of a gateway cost up to three times
 * the later ones, and a server is young for a minute of its months.
 */
const WARMING = 20_000;

async function warmUp(...targets: readonly Target[]): Promise<void> {
  for (const target of targets) await sendMany(target, short, WARMING, 16);
}

async function sendMany(target: Target, body: string, count: number, atOnce: number): Promise<void> {
  let left = count;
  const worker = async () => {
    while (left-- > 0) await send(target, body);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}

if (import.meta.main) console.table((await run()).rows);
