import { expect, test } from 'vitest';
import { SettlingAcceptance } from './settling-acceptance.ts';

function follow(acceptance: SettlingAcceptance, guesses: string): void {
  for (const guess of guesses) acceptance.learn(guess === '+');
}

test('after an edit the next tokens are doubted, those far ahead are not', () => {
  const acceptance = new SettlingAcceptance();
  follow(acceptance, '++++');
  expect(acceptance.rateAt(0)).toBeGreaterThan(0.9);
  follow(acceptance, '-');
  expect(acceptance.isSettled).toBe(false);
  expect(acceptance.rateAt(0)).toBeLessThan(0.75);
  expect(acceptance.rateAt(4)).toBe(acceptance.rateAt(0));
  expect(acceptance.rateAt(5)).toBeGreaterThan(0.8);
  follow(acceptance, '++++++++++');
  expect(acceptance.isSettled).toBe(true);
  expect(acceptance.rateAt(0)).toBeGreaterThan(0.8);
});

test('a place found by many tokens is trusted at once, one found by few is not', () => {
  const acceptance = new SettlingAcceptance();
  follow(acceptance, '-');
  acceptance.find(2);
  expect(acceptance.isSettled).toBe(false);
  acceptance.find(7);
  expect(acceptance.isSettled).toBe(true);
});

test('places that turn out wrong lower one rate, edits the other', () => {
  const [misled, edited] = [new SettlingAcceptance(), new SettlingAcceptance()];
  follow(misled, '-'.repeat(40));
  follow(edited, `${'+'.repeat(6)}-`.repeat(20));
  expect(misled.rateAt(0)).toBeLessThan(0.45);
  expect(misled.rateAt(10)).toBeGreaterThan(0.8);
  expect(edited.rateAt(0)).toBeGreaterThan(0.9);
  expect(edited.rateAt(10)).toBeLessThan(0.65);
});
