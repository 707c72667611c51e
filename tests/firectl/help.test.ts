import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { describeCommands } from './describe-commands.ts';

const path = fileURLToPath(new URL('../../docs/firectl.md', import.meta.url));

test('the help of every command is that of docs/firectl.md', async () => {
  const text = await describeCommands();
  if (process.env.SPARKLER_WRITE_GOLDEN === '1') writeFileSync(path, text);
  expect(readFileSync(path, 'utf8')).toBe(text);
});
