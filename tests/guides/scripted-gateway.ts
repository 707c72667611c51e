import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnEngine } from '../../packages/engine/src/testing/spawn-engine.ts';
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

/**
 * The gateway before an engine whose model says what `guide-script.ts` tells it to.
 * @param reasons the template shows that the model decides by itself whether to reason.
 */
export async function startScriptedGateway(
  reasons = false,
): Promise<{ target: SampleTarget; close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'sparkler-guide-'));
  const socket = join(folder, 'engine.sock');
  const templateFile = join(folder, 'template.jinja');
  await writeFile(templateFile, reasons ? `{# <think> #}${template}` : template);
  const script = new URL('./guide-script.ts', import.meta.url).pathname;
  const own = ['--socket', socket, '--script', script, '--chat-template', templateFile];
  const engine = await spawnEngine(own);
  const testbed = createTestbed();
  testbed.route(tinySnapshot([socket]));
  const server = await listen(testbed);
  const model = 'accounts/fireworks/models/tiny';
  return {
    target: { baseUrl: server.baseUrl, apiKey: aliceKey, model },
    async close() {
      await server.close();
      await engine.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
