import { expect, test } from 'vitest';
import { renderPage } from './write-keyword-table.ts';

test('the table of keywords is that of a run of the test suite; npm run generate writes it', () => {
  const { current, expected } = renderPage();
  expect(current).toBe(expected);
  expect(expected).toMatch(/^\| `anyOf` \| (\d+) of \1 \|/m);
});
