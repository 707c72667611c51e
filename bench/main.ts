/**
 * `npm run bench`: every benchmark, a table of ratios. Figures of a busy machine mean little; ratios of
 * things measured in turns mean more.
 */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Bench, BenchReport } from './bench-row.ts';
import { formatTable } from './format-table.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));

const help = (names: readonly string[]) => `Usage: npm run bench [-- NAME … [options]]

Measures, and prints a table: ours, the anchor measured in turn with it, their ratio, and the goal.

Benchmarks: ${names.join(', ')} (all of them without a name)

Options:
  --quick   shorter: does it work at all? Its figures mean little.
  --json    one JSON object {name, rows} for one benchmark; with npm run --silent
  --help    this text

Examples:
  npm run bench -- engine
  npm run bench -- grammar --quick
  npm run --silent bench -- trainer --json > trainer.json
`;

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
    options: {
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
    allowPositionals: true,
  });
  const known = listNames();
  if (values.help) {
    process.stdout.write(help(known));
    return 0;
  }
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
