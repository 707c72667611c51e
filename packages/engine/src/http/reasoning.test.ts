import { afterAll, describe, expect, test } from 'vitest';
import { chat, completion, openHttp } from '../testing/open-http.ts';

const turns = [
  "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' }}",
  "{% if m.reasoning_content %}{{ '<think>' + m.reasoning_content + '</think>' }}{% endif %}",
  "{{ m.content + '<|im_end|>\\n' }}{% endfor %}",
].join('');
/** A model that decides by itself whether to reason, and one whose prompt opens the tag. */
const free = openHttp({ chatTemplate: `${turns}{{ '<|im_start|>assistant\n' }}` });
const opened = openHttp({ chatTemplate: `${turns}{{ '<|im_start|>assistant\n<think>' }}` });
afterAll(async () => {
  await free[Symbol.asyncDispose]();
  await opened[Symbol.asyncDispose]();
});

const route = '/v1/chat/completions';
const separate = { sparkler: { reasoning_format: 'separate' } };

describe('reasoning', () => {
  test('stays in the content by default, tags and all', async () => {
    const { body } = await free.post(route, chat('<think>hm</think>yes'));
    expect(body.choices[0].message).toEqual({ role: 'assistant', content: '<think>hm</think>yes' });
    expect(body.usage.completion_tokens_details.reasoning_tokens).toBe('hm</think>'.length);
  });

  test('has both tags in the content, though the prompt wrote the first', async () => {
    // The model says what follows SAY from the place where its answer begins, which is behind the tag here.
    const { body } = await opened.post(route, chat('<think>hm</think>yes'));
    expect(body.choices[0].message.content).toBe('<think>hm</think>yes');
  });

  test('goes to reasoning_content on request, in streams too', async () => {
    const { body } = await free.post(route, chat('<think>\nhm\n</think>\n\nyes', separate));
    expect(body.choices[0].message).toEqual({ role: 'assistant', content: 'yes', reasoning_content: 'hm' });
    const { chunks } = await opened.post(route, chat('<think>hm</think>yes', { ...separate, stream: true }));
    const deltas = chunks.map((chunk) => chunk.choices[0].delta);
    expect(deltas.map((delta) => delta.reasoning_content ?? '').join('')).toBe('hm');
    expect(deltas.map((delta) => delta.content ?? '').join('')).toBe('yes');
  });

  test('is closed at its limit, with the tag', async () => {
    const { body } = await free.post(route, chat(`<think>${'x'.repeat(200)}`, { reasoning_effort: 20 }));
    const { content } = body.choices[0].message;
    expect(content).toMatch(/^<think>x{20}\n<\/think>\n\nx+$/);
  });

  test('is closed at a share of max_tokens', async () => {
    const asked = chat(`<think>${'x'.repeat(400)}`, { reasoning_effort: 'low', max_tokens: 100 });
    const { body } = await free.post(route, asked);
    expect(body.choices[0].message.content).toMatch(/^<think>x{40}\n<\/think>\n\nx+$/);
  });

  test('is closed at once where it is not wanted', async () => {
    for (const more of [
      { reasoning_effort: 'none' },
      { reasoning_effort: false },
      { thinking: { type: 'disabled' } },
    ]) {
      const { body } = await opened.post(route, chat(`<think>${'x'.repeat(40)}`, more));
      expect(body.choices[0].message.content).toMatch(/^<think>\n<\/think>\n\nx+$/);
    }
  });

  test('has no limit where none was asked for', async () => {
    const { body } = await free.post(
      route,
      chat(`<think>${'x'.repeat(300)}</think>y`, { reasoning_effort: 'high' }),
    );
    expect(body.choices[0].message.content).toBe(`<think>${'x'.repeat(300)}</think>y`);
  });

  test('is limited in bare prompts too', async () => {
    const asked = completion(`<think>${'x'.repeat(100)}`, { reasoning_effort: 10 });
    const { body } = await free.post('/v1/completions', asked);
    expect(body.choices[0].text).toMatch(/^<think>x{10}\n<\/think>\n\nx+$/);
  });

  test('of earlier turns is shown to the template as far as asked for', async () => {
    const messages = [
      { role: 'assistant', content: 'a', reasoning_content: 'hm' },
      { role: 'user', content: 'SAY x' },
    ];
    const promptOf = async (more: object) => {
      const { body } = await free.post(route, { model: 'test', messages, raw_output: true, ...more });
      return body.choices[0].raw_output.prompt_fragments.join('');
    };
    expect(await promptOf({})).toContain('<think>hm</think>');
    expect(await promptOf({ reasoning_history: 'preserved' })).toContain('<think>hm</think>');
    expect(await promptOf({ reasoning_history: 'interleaved' })).not.toContain('hm');
    expect(await promptOf({ reasoning_history: 'disabled' })).not.toContain('hm');
  });
});
