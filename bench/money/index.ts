import { type BenchOptions, type BenchReport, type BenchRow, makeRow } from '../bench-row.ts';
import { gatewayTarget, sendFlatOut } from '../gateway/load.ts';
import { startProcesses } from '../gateway/processes.ts';
import { takeTurns } from '../take-turns.ts';
import { measureEncryption } from './measure-encryption.ts';
import { measureKeys } from './measure-keys.ts';
import { measureKills } from './measure-kills.ts';
import { measureLedger } from './measure-ledger.ts';

export const name = 'money';

/** What counting money and keeping secrets cost. */
export async function run(options: BenchOptions = {}): Promise<BenchReport> {
  const { seconds = 3, quick = false, tell = () => undefined } = options;
  tell('gateway with and without governance');
  const rows = [await measureGovernance(seconds, quick ? 2 : 6)];
  tell('ledger');
  rows.push(...(await measureLedger(quick)));
  tell('encryption of files');
  rows.push(...(await measureEncryption(quick)));
  rows.push(measureKeys(quick));
  rows.push(...(await measureKills(quick, tell)));
  return { name, rows };
}

const body = JSON.stringify({
  model: 'tiny',
  messages: [{ role: 'user', content: 'Write one line about the sea.' }],
  max_tokens: 1,
  temperature: 0,
});

async function measureGovernance(seconds: number, rounds: number): Promise<BenchRow> {
  const processes = await startProcesses();
  try {
    const governed = gatewayTarget(processes.engineGateway.baseUrl);
    const free = gatewayTarget((await processes.startUngoverned()).baseUrl);
    const measured = await takeTurns(
      rounds,
      () => sendFlatOut(governed, body, 32, seconds),
      () => sendFlatOut(free, body, 32, seconds),
    );
    return makeRow({
      ...measured,
      metric: 'requests per second with governance (spend, rates, usage on disk)',
      unit: '1/s',
      anchorName: 'the same gateway without',
      goal: '>= 0.85',
    });
  } finally {
    await processes.stop();
  }
}
