import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { joinPieces, type OutputPiece } from '../output-piece.ts';
import { toolFamilies } from './choose-family.ts';
import type { ToolFamily } from './tool-family.ts';

const signatures = new Map([
  ['get_weather', { type: 'object', properties: { city: { type: 'string' } } }],
  ['add', { type: 'object', properties: { a: { type: 'integer' }, b: { type: 'array' } } }],
]);

function parse(
  family: ToolFamily,
  text: string,
  sizes: readonly number[] = [text.length || 1],
): OutputPiece[] {
  const parser = family.createParser(signatures);
  const pieces: OutputPiece[] = [];
  for (let place = 0, turn = 0; place < text.length; turn++) {
    const size = sizes[turn % sizes.length]!;
    pieces.push(...parser.push(text.slice(place, place + size)));
    place += size;
  }
  pieces.push(...parser.end());
  return joinPieces(pieces);
}

/** Calls as a caller would put them together, and the content around them. */
function read(family: ToolFamily, text: string) {
  const calls: { name: string; arguments: string }[] = [];
  let content = '';
  for (const piece of parse(family, text)) {
    if (piece.type === 'content') content += piece.text;
    else if (piece.type === 'call-start') calls.push({ name: piece.name, arguments: '' });
    else if (piece.type === 'call-arguments') calls[piece.index]!.arguments += piece.text;
  }
  return { content, calls };
}

const paris = { name: 'get_weather', arguments: '{"city": "Paris"}' };
const sum = { name: 'add', arguments: '{"a": 1, "b": [2, {"c": "}]"}]}' };

/** What models of each family write, and what it means. */
const written: Record<string, readonly [string, { content?: string; calls?: (typeof paris)[] }][]> = {
  hermes: [
    [
      '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n</tool_call>',
      { calls: [paris] },
    ],
    [
      'Let me see.\n\n<tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n</tool_call>\n' +
        '<tool_call>\n{"arguments": {"a": 1, "b": [2, {"c": "}]"}]}, "name": "add"}\n</tool_call>',
      { content: 'Let me see.', calls: [paris, sum] },
    ],
    [
      '<tool_call>{"name": "add", "arguments": null}</tool_call>',
      { calls: [{ name: 'add', arguments: '{}' }] },
    ],
    ['<tool_call>{"name": "add"}</tool_call>', { calls: [{ name: 'add', arguments: '{}' }] }],
    [
      String.raw`<tool_call>{"name": "add", "arguments": "{\"a\": 1}"}</tool_call>`,
      { calls: [{ name: 'add', arguments: '{"a": 1}' }] },
    ],
    ['<tool_call> is a tag', { content: '<tool_call> is a tag' }],
    ['a < b and <tool', { content: 'a < b and <tool' }],
    ['done  \n', { content: 'done  \n' }],
  ],
  llama3: [
    ['{"name": "get_weather", "parameters": {"city": "Paris"}}', { calls: [paris] }],
    ['<|python_tag|>{"name": "get_weather", "parameters": {"city": "Paris"}}', { calls: [paris] }],
    [
      '{"name": "get_weather", "parameters": {"city": "Paris"}}; {"name": "add", "parameters": {"a": 1, "b": [2, {"c": "}]"}]}}',
      { calls: [paris, sum] },
    ],
    ['{"type": "function", "name": "get_weather", "parameters": {"city": "Paris"}}', { calls: [paris] }],
    ['<function=get_weather>{"city": "Paris"}</function>', { calls: [paris] }],
    ['{"name": "Alice", "age": 3}', { content: '{"name": "Alice", "age": 3}' }],
    ['It is {"name": "add"}', { content: 'It is {"name": "add"}' }],
  ],
  mistral: [
    ['[TOOL_CALLS][{"name": "get_weather", "arguments": {"city": "Paris"}}]', { calls: [paris] }],
    [
      '[TOOL_CALLS] [{"name": "get_weather", "arguments": {"city": "Paris"}, "id": "abcdefghi"}, ' +
        '{"name": "add", "arguments": {"a": 1, "b": [2, {"c": "}]"}]}}]',
      { calls: [paris, sum] },
    ],
    [
      '[TOOL_CALLS]get_weather[ARGS]{"city": "Paris"}[TOOL_CALLS]add[CALL_ID]abcdefghi[ARGS]{"a": 1, "b": [2, {"c": "}]"}]}',
      { calls: [paris, sum] },
    ],
    ['[TOOL_CALLS]get_weather{"city": "Paris"}', { calls: [paris] }],
    ['[1, 2]', { content: '[1, 2]' }],
  ],
  deepseek: [
    [
      '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather\n```json\n{"city": "Paris"}\n```<｜tool▁call▁end｜>\n' +
        '<｜tool▁call▁begin｜>function<｜tool▁sep｜>add\n```json\n{"a": 1, "b": [2, {"c": "}]"}]}\n```' +
        '<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
      { calls: [paris, sum] },
    ],
    [
      'Sure.<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>{"city": "Paris"}<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
      { content: 'Sure.', calls: [paris] },
    ],
  ],
  firefunction: [
    [' functools[{"name": "get_weather", "arguments": {"city": "Paris"}}]', { calls: [paris] }],
    [' <functioncall> {"name": "get_weather", "arguments": {"city": "Paris"}}', { calls: [paris] }],
    ['functools is a module', { content: 'functools is a module' }],
  ],
  'qwen-xml': [
    [
      'Sure.\n<tool_call>\n<function=get_weather>\n<parameter=city>\nParis\n</parameter>\n</function>\n</tool_call>' +
        '\n<tool_call>\n<function=add>\n<parameter=a>\n1\n</parameter>\n' +
        '<parameter=b>\n[2,{"c":"}]"}]\n</parameter>\n</function>\n</tool_call>',
      { content: 'Sure.', calls: [paris, { ...sum, arguments: '{"a": 1, "b": [2,{"c":"}]"}]}' }] },
    ],
    [
      '<tool_call><function=get_weather><parameter=city>1</parameter></function></tool_call>',
      { calls: [{ name: 'get_weather', arguments: '{"city": "1"}' }] },
    ],
    ['<tool_call>\n<function=add>\n</function>\n</tool_call>', { calls: [{ name: 'add', arguments: '{}' }] }],
    [
      '<tool_call>\n<function=add>\n<parameter=a>\n1\n</parameter>',
      { calls: [{ name: 'add', arguments: '{"a": 1}' }] },
    ],
    ['<tool_call> is a tag', { content: '<tool_call> is a tag' }],
  ],
  glm: [
    [
      '<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Paris</arg_value>\n</tool_call>',
      { calls: [paris] },
    ],
    [
      '<tool_call>add<arg_key>a</arg_key><arg_value>1</arg_value></tool_call>',
      { calls: [{ name: 'add', arguments: '{"a": 1}' }] },
    ],
    ['<tool_call>add\n</tool_call>', { calls: [{ name: 'add', arguments: '{}' }] }],
  ],
  'generic-json': [
    ['{"name": "get_weather", "arguments": {"city": "Paris"}}', { calls: [paris] }],
    ['[{"name": "get_weather", "arguments": {"city": "Paris"}}]', { calls: [paris] }],
    [
      '{"type": "function", "function": {"name": "get_weather", "arguments": {"city": "Paris"}}}',
      { calls: [paris] },
    ],
    [
      '```json\n{"tool_call": {"name": "get_weather", "arguments": {"city": "Paris"}}}\n```',
      { calls: [paris] },
    ],
    ['{"city": "Paris"}', { content: '{"city": "Paris"}' }],
    ['[1, 2, 3]', { content: '[1, 2, 3]' }],
  ],
};

describe.each([...toolFamilies])('%s', (id, family) => {
  const samples = written[id] ?? written[id.split('-')[0]!]!;

  test.each(samples)('reads %j', (text, expected) => {
    expect(read(family, text)).toEqual({ content: expected.content ?? '', calls: expected.calls ?? [] });
  });

  test('any cutting gives the same calls', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 });
    fc.assert(
      fc.property(fc.constantFrom(...samples.map(([text]) => text)), sizes, (text, cuts) => {
        expect(parse(family, text, cuts)).toEqual(parse(family, text));
      }),
    );
  });

  test('any cutting of broken calls gives the same pieces', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 });
    const whole = fc.constantFrom(...samples.map(([text]) => text));
    const broken = fc
      .tuple(whole, fc.nat(80), fc.nat(80), whole)
      .map(([first, cut, skip, second]) => first.slice(0, cut) + second.slice(skip));
    fc.assert(
      fc.property(broken, sizes, (text, cuts) => {
        expect(parse(family, text, cuts)).toEqual(parse(family, text));
      }),
    );
  });

  test('arguments of a call come one after the other and its name once, before them', () => {
    for (const [text] of samples) {
      const started: number[] = [];
      for (const piece of parse(family, text, [1])) {
        if (piece.type === 'call-start') started.push(piece.index);
        if (piece.type === 'call-arguments') expect(piece.index).toBe(started.at(-1));
      }
      expect(started).toEqual(started.map((_, place) => place));
    }
  });
});
