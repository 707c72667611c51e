/**
 * `npm run bench`: every benchmark, a table of ratios. `npm run bench -- engine` one of them, `--quick`
 * shorter,
 * `npm run --silent bench -- engine --json` one JSON object. Figures of a busy machine mean little; ratios of
 * things measured in turns mean more.
 */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Bench, BenchReport } from './bench-row.ts';
import { formatTable } from './format-table.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));

function listNames(): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && readdirSync(`${folder}/${entry.name}`).includes('index.ts'))
    .map((entry) => entry.name)
    .sort();
}

async function runOne(name: string, quick: boolean): Promise<BenchReport> {
  const bench = (await import(`./${name}/index.ts`)) as Bench;
  const tell = (text: string) => {
    process.stderr.write(`${name}: ${text}\n`);
  };
  return bench.run(quick ? { quick, seconds: 1, tell } : { tell });
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { json: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const known = listNames();
  const unknown = positionals.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new Error(`There is no benchmark ${unknown}; there are ${known.join(', ')}.`);
  const wanted = positionals.length > 0 ? positionals : known;
  if (values.json && wanted.length !== 1) throw new Error('--json needs the name of one benchmark.');
  for (const name of wanted) {
    const { rows } = await runOne(name, values.quick);
    if (values.json) process.stdout.write(`${JSON.stringify({ name, rows })}\n`);
    else process.stdout.write(`\n${name}\n\n${formatTable(rows)}\n`);
  }
  return 0;
}

main().then(
  (code) => process.exit(code),
  (error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  },
);
