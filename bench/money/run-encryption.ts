/** `node bench/money/run-encryption.ts [--quick]`: of the benchmark `money`, only what encryption costs. */
import { formatTable } from '../format-table.ts';
import { measureEncryption } from './measure-encryption.ts';

process.stdout.write(`${formatTable(await measureEncryption(process.argv.includes('--quick')))}\n`);
process.exit(0);
