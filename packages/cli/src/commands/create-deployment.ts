import type { Command } from 'commander';
import type { Act } from '../act.ts';
import { waitForResource } from '../await-resource.ts';
import { resources } from '../contract.ts';
import { UsageError } from '../exit-codes.ts';
import { addFieldOptions } from '../flags/add-field-options.ts';
import { deriveFlags } from '../flags/derive-flags.ts';
import { addDocumentedOptions, readDocumentedFlags } from '../flags/documented-flags.ts';
import { type RawFlags, readFlags } from '../flags/read-flags.ts';
import { emptyIdMessage, resolveReference } from '../names.ts';
import { nouns, schemaOf } from '../nouns.ts';
import { printResource } from '../output/print-resource.ts';
import type { Session } from '../session.ts';
import { sendCreate } from './create.ts';

const noun = nouns.find((candidate) => candidate.key === 'deployments')!;

interface DeploymentFlags extends RawFlags {
  readonly wait?: boolean;
  readonly deploymentId?: string;
  readonly modelId?: string;
  readonly disableSpeculativeDecoding?: boolean;
  readonly validateOnly?: boolean;
}

/** `firectl create deployment <model>`: the model is the argument, as in all guides. */
export function addCreateDeployment(create: Command, act: Act): void {
  const fields = deriveFlags(schemaOf('deployments'), 'create').filter(({ name }) => name !== 'base-model');
  const command = create
    .command('deployment [model]')
    .description('Deploy a model: its id (of this account or of fireworks), account/id, or full name.')
    .option('--deployment-id <string>', 'the id of the deployment; chosen by the server by default')
    .option(
      '--model-id <string>',
      'the model to deploy when the deployment is created (same as the argument)',
    )
    .option('--disable-speculative-decoding', "ignore the model's default draft model")
    .option('--validate-only', 'check the request and create nothing')
    .option('--wait', 'wait until the deployment is ready');
  addFieldOptions(command, fields);
  addDocumentedOptions(command, noun.key);
  command.addHelpText(
    'after',
    '\nExample:\n  firectl create deployment llama-v3p1-8b-instruct --min-replica-count 0 --wait',
  );
  command.action(
    act(async (session: Session, model: string | undefined, flags: DeploymentFlags) => {
      const given = model ?? flags.modelId;
      if (given === undefined || given.trim() === '') throw new UsageError(emptyIdMessage);
      const settings = readFlags(fields, readDocumentedFlags(noun.key, flags));
      const resource = { ...settings, baseModel: await findModel(session, given) };
      const extra = {
        disableSpeculativeDecoding: flags.disableSpeculativeDecoding,
        validateOnly: flags.validateOnly,
      };
      const created = await sendCreate(session, noun, resource, flags.deploymentId, extra);
      if (created === null) return;
      printResource(
        session,
        flags.wait === true ? await waitForResource(session, resources.deployments, created.name) : created,
      );
    }),
  );
}

/** A bare id is the account's own model, else one of the public catalogue. */
async function findModel(session: Session, model: string): Promise<string> {
  const account = await session.client().resources.account();
  const own = resolveReference(resources.models.pattern, model, account);
  if (model.includes('/')) return own;
  const isOwn = await session
    .client()
    .models.get(own, {}, { signal: session.signal })
    .then(() => true)
    .catch((error: { status?: number }) => {
      if (error.status === 404 || error.status === 403) return false;
      throw error;
    });
  return isOwn ? own : `accounts/fireworks/models/${model}`;
}
