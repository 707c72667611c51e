import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExampleError, parseChatExample } from './chat-example.ts';
import { packBatch, planRowLength, sumWeights } from './pack-batch.ts';
import { planCarveOut, planSteps, shuffle } from './plan-steps.ts';
import { compileChatTemplate, renderExample } from './render-example.ts';
import {
  type TokenizedExample,
  type TrainingTokenizer,
  tokenizeExample,
  truncateExample,
} from './tokenize-example.ts';

const chatMl =
  "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>' + '\\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

const conversation = JSON.stringify({
  messages: [
    { role: 'user', content: 'Hi' },
    { role: 'assistant', content: 'Yo é' },
    { role: 'user', content: 'Bye' },
    { role: 'assistant', content: 'See you' },
  ],
});

/** A byte tokenizer with two control tokens. */
const specials = ['<|im_start|>', '<|im_end|>'];
const tokenizer: TrainingTokenizer = {
  bosToken: null,
  addsBos: false,
  endTokens: [257],
  encode: (text) =>
    text
      .split(/(<\|im_start\|>|<\|im_end\|>)/)
      .flatMap((part) => (specials.includes(part) ? [256 + specials.indexOf(part)] : [...Buffer.from(part)])),
  tokenBytes: (token) => (token < 256 ? Uint8Array.of(token) : Buffer.from(specials[token - 256]!)),
};

function learned(template: string, line: string): string[] {
  return renderExample(compileChatTemplate(template, { bos: '', eos: '' }), parseChatExample(line, 1)).map(
    (rendered) => {
      const { tokens, weights } = tokenizeExample(tokenizer, rendered);
      const kept = [...tokens].filter((_, i) => weights[i]! > 0);
      return Buffer.concat(kept.map((token) => tokenizer.tokenBytes(token, true))).toString();
    },
  );
}

describe('a training line', () => {
  it.each([
    ['not json', 'is not JSON'],
    ['[]', 'is not a JSON object'],
    ['{}', 'needs a list "messages"'],
    ['{"messages":[]}', '"messages" is empty'],
    ['{"messages":[{"role":"bot","content":"x"}]}', 'messages[0].role is "bot"'],
    ['{"messages":[{"role":"user","content":"x"}]}', 'no assistant turn to learn from'],
    [
      '{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":" "}]}',
      'empty assistant turn',
    ],
    ['{"messages":[{"role":"user","content":"x"},{"role":"system","content":"y"}]}', 'can only come first'],
    ['{"messages":[{"role":"assistant","content":"x","weight":2}]}', 'weight must be 0 or 1'],
    ['{"messages":[{"role":"user","content":"x","weight":1}]}', 'only assistant turns'],
    ['{"messages":[{"role":"assistant","content":"x","weight":0}]}', 'no assistant turn to learn from'],
    [
      '{"messages":[{"role":"tool","content":"x"},{"role":"assistant","content":"y"}]}',
      'needs an assistant turn',
    ],
    ['{"messages":[{"role":"user","content":[{"type":"image_url"}]}]}', 'only text can be trained on'],
  ])('%s is refused with its number and reason', (line, reason) => {
    expect(() => parseChatExample(line, 7)).toThrow(ExampleError);
    expect(() => parseChatExample(line, 7)).toThrow(`line 7: `);
    expect(() => parseChatExample(line, 7)).toThrow(reason);
  });

  it('never breaks the reader, whatever it holds', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        try {
          parseChatExample(JSON.stringify({ messages: value }), 1);
        } catch (error) {
          expect(error).toBeInstanceOf(ExampleError);
        }
      }),
    );
  });
});

describe('what is learned', () => {
  it('is every assistant turn with its end, and nothing else', () => {
    expect(learned(chatMl, conversation)).toEqual(['Yo é<|im_end|>See you<|im_end|>']);
  });

  it('leaves out a turn of weight 0', () => {
    const line = conversation.replace('"content":"Yo é"', '"content":"Yo é","weight":0');
    expect(learned(chatMl, line)).toEqual(['See you<|im_end|>']);
  });

  it('follows the marks of a template that has them', () => {
    const marked = chatMl.replace(
      "m.content + '<|im_end|>'",
      "'' }}{% if m.role == 'assistant' %}{% generation %}{{ m.content + '<|im_end|>' }}{% endgeneration %}{% else %}" +
        "{{ m.content + '<|im_end|>' }}{% endif %}{{ ''",
    );
    expect(learned(marked, conversation)).toEqual(['Yo é<|im_end|>See you<|im_end|>']);
  });

  it('is cut into one example a turn when the template rewrites earlier turns', () => {
    const forgetful = chatMl.replace('m.content', "(m.content if loop.last or m.role == 'user' else '...')");
    expect(learned(forgetful, conversation)).toEqual(['Yo é<|im_end|>', 'See you<|im_end|>']);
  });

  it('is refused when a finished turn does not begin as the template asks for one', () => {
    const other = chatMl.replace('<|im_start|>assistant\\n', '<|im_start|>bot\\n');
    expect(() => learned(other, conversation)).toThrow('{% generation %}');
  });

  it('keeps to the context length, and drops what has nothing left to learn', () => {
    const example: TokenizedExample = {
      tokens: Int32Array.from([1, 2, 3, 4]),
      weights: Float32Array.from([0, 0, 1, 1]),
    };
    expect(truncateExample(example, 3)?.tokens).toEqual(Int32Array.from([1, 2, 3]));
    expect(truncateExample(example, 2)).toBeNull();
  });
});

const lengths = fc.array(fc.integer({ min: 2, max: 90 }), { minLength: 1, maxLength: 40 });
const toExamples = (sizes: readonly number[]): TokenizedExample[] =>
  sizes.map((size, i) => ({
    tokens: new Int32Array(size).fill(i),
    weights: new Float32Array(size).map((_, at) => (at === 0 ? 0 : 1)),
  }));

describe('the plan of a run', () => {
  it('uses each example once an epoch and never splits one', () => {
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 3 }), fc.integer(), (sizes, epochs, seed) => {
        const examples = toExamples(sizes);
        const packing = { epochs, seed, batchTokens: 128, accumulationSteps: 2, rowTokens: 64 };
        const steps = planSteps(examples, packing);
        const used = steps.flatMap((step) => step.rows.flat()).sort((a, b) => a - b);
        expect(used).toEqual(sizes.flatMap((_, i) => Array<number>(epochs).fill(i)));
        for (const row of steps.flatMap((step) => step.rows)) {
          const tokens = row.reduce((sum, i) => sum + sizes[i]!, 0);
          expect(row.length === 1 || tokens <= 64).toBe(true);
        }
      }),
    );
  });

  it('is the same for the same seed and differs between epochs', () => {
    const packing = { epochs: 2, batchTokens: 10, accumulationSteps: 1, rowTokens: 10, seed: 3 };
    const examples = toExamples(Array<number>(20).fill(8));
    expect(planSteps(examples, packing)).toEqual(planSteps(examples, packing));
    expect(shuffle(20, 3)).not.toEqual(shuffle(20, 4));
  });

  it('rounds a fraction of an epoch up to whole steps', () => {
    const packing = { epochs: 1.25, batchTokens: 8, accumulationSteps: 1, rowTokens: 8, seed: 0 };
    expect(planSteps(toExamples(Array<number>(10).fill(8)), packing)).toHaveLength(13);
  });

  it('carves out a tenth for evaluation, at most 100, never everything', () => {
    expect([1, 9, 10, 55, 5000].map(planCarveOut)).toEqual([0, 0, 1, 5, 100]);
  });
});

describe('a packed row', () => {
  it('weighs every supervised token of a step alike, and predicts each from the one before', () => {
    fc.assert(
      fc.property(lengths, (sizes) => {
        const examples = toExamples(sizes);
        const row = sizes.map((_, i) => i);
        const batch = packBatch(examples, row, sumWeights(examples, row));
        const total = batch.rowWeights.reduce((sum, weight) => sum + weight, 0);
        expect(total).toBeCloseTo(1, 4);
        expect(batch.tokens.length).toBe(planRowLength(sizes.reduce((sum, size) => sum + size, 0)));
        batch.rowPositions.forEach((position, i) => {
          expect(batch.tokens[position + 1]).toBe(batch.rowTargets[i]);
          expect(batch.documents[position]).toBe(batch.documents[position + 1]);
        });
      }),
    );
  });
});
