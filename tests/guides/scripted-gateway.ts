import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnEngine } from '../../packages/engine/src/testing/spawn-engine.ts';
import type { UsageRecord } from '../../packages/server/src/inference/metering.ts';
import {
  aliceKey,
  createTestbed,
  listen,
  tinySnapshot,
} from '../../packages/server/src/inference/testbed/testbed.ts';
import type { SampleTarget } from './run-sample.ts';

const template =
  "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + (m.content or '') + '<|im_end|>\\n' }}" +
  "{% endfor %}{{ '<|im_start|>assistant\\n' }}";

export interface ScriptedGatewayOptions {
  /** The template shows that the model decides by itself whether to reason. */
  readonly reasons?: boolean;
  /** Script of the model; `guide-script.ts` unless given. */
  readonly script?: URL;
}

/** The gateway before an engine whose model says what `guide-script.ts` tells it to. */
export async function startScriptedGateway({
  reasons = false,
  script = new URL('./guide-script.ts', import.meta.url),
}: ScriptedGatewayOptions = {}): Promise<{
  target: SampleTarget;
  usage: readonly UsageRecord[];
  close(): Promise<void>;
}> {
  const folder = await mkdtemp(join(tmpdir(), 'sparkler-guide-'));
  const socket = join(folder, 'engine.sock');
  const templateFile = join(folder, 'template.jinja');
  await writeFile(templateFile, reasons ? `{# <think> #}${template}` : template);
  const own = ['--socket', socket, '--script', script.pathname, '--chat-template', templateFile];
  const engine = await spawnEngine(own);
  const testbed = createTestbed();
  testbed.route(tinySnapshot([socket]));
  const server = await listen(testbed);
  const model = 'accounts/fireworks/models/tiny';
  return {
    target: { baseUrl: server.baseUrl, apiKey: aliceKey, model },
    usage: testbed.usage,
    async close() {
      await server.close();
      await engine.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
