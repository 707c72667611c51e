import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openPythonEnvironment } from './python-environment.ts';
import { type Platform, startPlatform } from './start-platform.ts';

/**
 * The stock `openai` client for Python against a whole server. Skipped, with the reason, where Python is
 * missing.
 */

const run = promisify(execFile);
let python: string | null = null;
let missing: string | null = null;
let platform: Platform | null = null;

beforeAll(async () => {
  try {
    python = await openPythonEnvironment();
  } catch (error) {
    missing = (error as Error).message;
    return;
  }
  platform = await startPlatform();
}, 300_000);

beforeEach((context) => {
  if (missing !== null) context.skip(missing);
});

afterAll(async () => {
  await platform?.stop();
  await platform?.remove();
});

const script = `
import json, openai, os
client = openai.OpenAI(base_url=os.environ["BASE"] + "/inference/v1", api_key=os.environ["KEY"], max_retries=0)
model, messages = "smollm2-135m-instruct", [{"role": "user", "content": "Say something"}]
told = {}
whole = client.chat.completions.create(model=model, messages=messages, temperature=0, max_tokens=16)
told["whole"] = whole.choices[0].message.content
told["tokens"] = whole.usage.completion_tokens
stream = client.chat.completions.create(model=model, messages=messages, temperature=0, max_tokens=16, stream=True)
chunks = list(stream)
told["streamed"] = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
told["usage"] = chunks[-1].usage.completion_tokens
told["completion"] = client.completions.create(model=model, prompt="Once", max_tokens=4, temperature=0).usage.completion_tokens
told["models"] = [m.id for m in client.models.list()]
with client.chat.completions.create(model=model, messages=messages, max_tokens=4000, stream=True) as broken:
    next(iter(broken))
for name, call in {
    "wrong key": lambda: client.with_options(api_key="fw_wrong").models.list(),
    "wrong model": lambda: client.chat.completions.create(model="nothing", messages=messages),
    "wrong field": lambda: client.chat.completions.create(model=model, messages=messages, extra_body={"temprature": 1}),
    "wrong type": lambda: client.chat.completions.create(model=model, messages=messages, temperature="hot"),
}.items():
    try:
        call()
        told[name] = "no error"
    except openai.APIStatusError as error:
        told[name] = [type(error).__name__, error.status_code, error.param]
print(json.dumps(told))
`;

test('chat, streams, completions, models and errors, as a Python program sees them', async () => {
  const env = { BASE: platform!.baseUrl, KEY: platform!.apiKey };
  const { stdout } = await run(python!, ['-c', script], { env });
  const told = JSON.parse(stdout);
  expect(told.streamed).toBe(told.whole);
  expect(told.whole.length).toBeGreaterThan(8);
  expect(told).toMatchObject({
    tokens: 16,
    usage: 16,
    completion: 4,
    models: ['accounts/fireworks/models/smollm2-135m-instruct'],
    'wrong key': ['AuthenticationError', 401, null],
    'wrong model': ['PermissionDeniedError', 403, 'model'],
    'wrong field': ['BadRequestError', 400, 'temprature'],
    'wrong type': ['BadRequestError', 400, 'temperature'],
  });
});
