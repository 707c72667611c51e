import { afterAll, describe, expect, test } from 'vitest';
import { chat, openHttp } from '../testing/open-http.ts';

const http = openHttp();
afterAll(() => http[Symbol.asyncDispose]());

const chatRoute = '/v1/chat/completions';
const loops = '{% for a in range(30000) %}{% for b in range(30000) %}{{ b }}{% endfor %}{% endfor %}';

describe('a chat template that comes with the request', () => {
  const ask = (sparkler: object, fields: object = {}) =>
    http.post(chatRoute, chat('x', { echo: true, sparkler, ...fields }));

  test('takes the place of the model’s own', async () => {
    const template = '{% for message in messages %}[{{ message.role }}] {{ message.content }};{% endfor %}>';
    const { body } = await ask({ chat_template: template });
    expect(body.choices[0].message.content).toBe('[user] SAY x;>');
    const again = await ask({ chat_template: template, system: 'Be brief' });
    expect(again.body.choices[0].message.content).toBe('[system] Be brief;[user] SAY x;>');
    expect((await ask({})).body.choices[0].message.content).toContain('<|im_start|>user');
  });

  test('is not what makes messages of the caller give way', async () => {
    const messages = [
      { role: 'system', content: 'mine' },
      { role: 'user', content: 'SAY x' },
    ];
    const { body } = await ask({ system: 'theirs' }, { messages });
    expect(body.choices[0].message.content).toContain('mine');
    expect(body.choices[0].message.content).not.toContain('theirs');
  });

  test.each([
    ['that is no Jinja', '{% for %}', 412],
    ['that loops', loops, 412],
    ['that loops over some messages', `{% if messages[0].content == "SAY x" %}${loops}{% endif %}x`, 400],
  ])('%s is refused', async (_, template, status) => {
    const answer = await ask({ chat_template: template });
    expect(answer.status).toBe(status);
    expect(answer.body.error.message).toContain('chat template');
  });
});
