import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildOpenApi } from '@sparkler/api/openapi';
import { writeCliContract } from './generate-sdk/write-contract.ts';
import { writeSdk } from './generate-sdk/write-sdk.ts';
import { writeKeywordTable } from './keyword-table/write-keyword-table.ts';

/**
 * `npm run generate`: writes the files that are projections of the contract. Tests fail when one is out of
 * date.
 */
function writeOpenApi(): void {
  const path = new URL('../packages/api/openapi.json', import.meta.url);
  writeFileSync(path, `${JSON.stringify(buildOpenApi(), null, 2)}\n`);
}

writeOpenApi();
writeKeywordTable();
await writeSdk(fileURLToPath(new URL('../packages/sdk/src/generated', import.meta.url)));
await writeCliContract(
  fileURLToPath(new URL('../packages/cli/src/generated/contract.json', import.meta.url)),
);
