/**
 * Fetches one model of the catalogue into the cache and prints its path: `node tools/fetch-model.ts [name]`.
 * Tests that want a real model find it there (`~/.cache/sparkler/models/<name>/`, or below SPARKLER_CACHE).
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fetchModel, findCatalogueEntry, loadCatalogue } from '../packages/server/src/catalogue/index.ts';

const name = process.argv[2] ?? 'smollm2-135m-instruct';
const cacheFolder = process.env.SPARKLER_CACHE || join(homedir(), '.cache', 'sparkler');
const stop = new AbortController();
process.once('SIGINT', () => stop.abort(new Error('stopped')));

try {
  const fetched = await fetchModel(findCatalogueEntry(loadCatalogue(), name), {
    cacheFolder,
    signal: stop.signal,
    onProgress: ({ stage, bytesDone, bytesTotal, source }) => {
      if (!process.stderr.isTTY) return;
      const total = bytesTotal === null ? '' : ` of ${Math.ceil(bytesTotal / 1e6)}`;
      process.stderr.write(`\r\u001b[2K${stage} ${source}: ${Math.floor(bytesDone / 1e6)}${total} MB`);
    },
  });
  process.stdout.write(`${fetched.path}\n`);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
