import { expect, test } from 'vitest';
import { readJsonFilter } from './match-json.ts';

const example = {
  id: 7,
  weight: 0.5,
  checked: true,
  language: 'French',
  note: null,
  tags: ['short', 'easy'],
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Which river?' },
  ],
};

test.each([
  ['language = "French"', true],
  ['language = "french"', false],
  ['language = "Fr*"', true],
  ['language != "Fr*"', false],
  ['language : "REN"', true],
  ['id = 7 AND weight < 1', true],
  ['id = "7"', false],
  ['id >= 8 OR weight <= 0.5', true],
  ['NOT checked = true', false],
  ['missing = null AND note = null', true],
  ['missing : *', false],
  ['messages : *', true],
  ['messages.role = user', true],
  ['messages.role = assistant', false],
  ['messages.role != assistant', true],
  ['messages.0.role = user', false],
  ['messages.1.content : river', true],
  ['tags : easy', true],
  ['tags = "short"', true],
  ['language > "A" -language = "x"', true],
  ['toString : *', false],
])('%s is %s', (text, holds) => {
  expect(readJsonFilter(text)!(example)).toBe(holds);
});

test('what is no filter is refused, naming the place', () => {
  expect(readJsonFilter('  ')).toBeNull();
  expect(() => readJsonFilter('length(messages) > 2')).toThrow("the function 'length' is not supported");
  expect(() => readJsonFilter('language < "a*"')).toThrow('wildcard');
  expect(() => readJsonFilter('language')).toThrow('stands alone');
});
