import type { Command } from 'commander';
import type { Act } from '../act.ts';
import { waitForResource, waitUntilGone } from '../await-resource.ts';
import { methodOf, sendCall } from '../calls.ts';
import { resources } from '../contract.ts';
import { UsageError } from '../exit-codes.ts';
import { readName, resolveReference } from '../names.ts';
import { printResource } from '../output/print-resource.ts';
import type { Session } from '../session.ts';

interface LoraFlags {
  readonly deployment?: string;
  readonly public?: boolean;
  readonly wait?: boolean;
}

/** `firectl load-lora` and `firectl unload-lora`: to a deployment, or without one to serverless. */
export function addLoraCommands(program: Command, act: Act): void {
  const load = program
    .command('load-lora [model]')
    .description('Load a LoRA model to a deployment, or to serverless.')
    .option('--deployment <string>', 'the deployment to load it to; absent: serverless')
    .option('--public', 'the LoRA model will be publicly available for inference')
    .option('--wait', 'wait until the model is deployed')
    .addHelpText(
      'after',
      '\nExamples:\n  firectl load-lora my-model\n  firectl load-lora my-model --deployment="abcd1234"',
    );
  load.action(
    act((session: Session, model: string | undefined, flags: LoraFlags) =>
      loadLora(session, readName(model), flags),
    ),
  );
  const unload = program
    .command('unload-lora [model]')
    .description('Unload a LoRA model from a deployment, or from serverless.')
    .option('--deployment <string>', 'the deployment to unload it from')
    .option('--wait', 'wait until the model is unloaded')
    .addHelpText(
      'after',
      '\nExamples:\n  firectl unload-lora my-model\n  firectl unload-lora my-model --deployment="abcd1234"',
    );
  unload.action(
    act((session: Session, model: string | undefined, flags: LoraFlags) =>
      unloadLora(session, readName(model), flags),
    ),
  );
}

async function loadLora(session: Session, model: string, flags: LoraFlags): Promise<void> {
  const account = await session.client().resources.account();
  const body = {
    model: resolveReference(resources.models.pattern, model, account),
    ...(flags.deployment === undefined
      ? { serverless: true }
      : { deployment: resolveReference(resources.deployments.pattern, flags.deployment, account) }),
    ...(flags.public === true ? { public: true } : {}),
  };
  const method = methodOf(resources.deployedModels, 'create', 'create');
  const created = await sendCall<{ name: string }>(session, { method, name: `accounts/${account}`, body });
  if (created === null) return;
  const result =
    flags.wait === true ? await waitForResource(session, resources.deployedModels, created.name) : created;
  printResource(session, result);
}

async function unloadLora(session: Session, model: string, flags: LoraFlags): Promise<void> {
  const account = await session.client().resources.account();
  const full = resolveReference(resources.models.pattern, model, account);
  const deployment =
    flags.deployment === undefined
      ? null
      : resolveReference(resources.deployments.pattern, flags.deployment, account);
  const loaded: { name: string; deployment: string }[] = [];
  for await (const item of session.client().deployedModels.list({ filter: `model = "${full}"` })) {
    if (deployment === null || item.deployment === deployment) loaded.push(item);
  }
  if (loaded.length === 0)
    throw new UsageError(`${full} is not loaded${deployment === null ? '' : ` on ${deployment}`}`);
  if (loaded.length > 1) {
    const names = loaded.map((item) => item.deployment).join(', ');
    throw new UsageError(`${full} is loaded on several deployments (${names}): choose one with --deployment`);
  }
  const { name } = loaded[0]!;
  const method = methodOf(resources.deployedModels, 'delete', 'delete');
  if ((await sendCall(session, { method, name })) === null) return;
  if (flags.wait === true) await waitUntilGone(session, resources.deployedModels, name);
  session.streams.note(`Unloaded ${name}\n`);
}
