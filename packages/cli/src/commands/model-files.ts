import type { Command } from 'commander';
import type { Act } from '../act.ts';
import { waitForResource } from '../await-resource.ts';
import { methodOf, resolveName, sendCall } from '../calls.ts';
import { resources } from '../contract.ts';
import { readName, resolveReference } from '../names.ts';
import { nouns } from '../nouns.ts';
import { printResource } from '../output/print-resource.ts';
import { showTransfers } from '../output/show-transfers.ts';
import type { Session } from '../session.ts';
import { sendCreate } from './create.ts';

/** `firectl prepare-model`, `firectl import model` and `firectl download model|dataset`. */
export function addModelFileCommands(program: Command, act: Act): void {
  addPrepare(program, act);
  addImport(program, act);
  addDownload(program, act);
}

function addPrepare(program: Command, act: Act): void {
  const command = program
    .command('prepare-model [model]')
    .description('Quantize a model to 8 bits, so that it can be deployed with --precision FP8.')
    .option('--precision <string>', 'what to quantize to', 'FP8')
    .addHelpText('after', '\nExample:\n  firectl prepare-model my-model');
  command.action(
    act(async (session: Session, model: string | undefined, flags: { precision: string }) => {
      const name = await resolveName(session, resources.models, readName(model));
      const method = methodOf(resources.models, 'prepare', 'verb');
      const reply = await sendCall(session, {
        method,
        name,
        body: { precision: flags.precision.toUpperCase() },
      });
      if (reply !== null)
        session.streams.note(`Preparing ${name}; look at it with: firectl get model ${model}\n`);
    }),
  );
}

function addImport(program: Command, act: Act): void {
  const command = program
    .command('import')
    .description('Import a resource from the fireworks account.')
    .command('model [model]')
    .description('Copy a model of the fireworks account into this one.')
    .option('--model-id <string>', 'the ID of the model to be created')
    .addHelpText('after', '\nExample:\n  firectl import model llama-v3p1-8b-instruct');
  command.action(
    act(async (session: Session, model: string | undefined, flags: { modelId?: string }) => {
      const source = resolveReference(resources.models.pattern, readName(model), 'fireworks');
      const noun = nouns.find((candidate) => candidate.key === 'models')!;
      const original = await session.client().models.get(source);
      const { kind, displayName, peftDetails } = original;
      const copy = { kind, displayName, ...(peftDetails ? { peftDetails } : {}) };
      const created = await sendCreate(session, noun, copy, flags.modelId ?? source.split('/').at(-1)!);
      if (created === null) return;
      const fill = methodOf(resources.models, 'import', 'verb');
      await sendCall(session, { method: fill, name: created.name, body: { sourceModel: source } });
      printResource(session, await waitForResource(session, resources.models, created.name));
    }),
  );
}

function addDownload(program: Command, act: Act): void {
  const download = program.command('download').description('Download files.');
  for (const key of ['models', 'datasets'] as const) {
    const resource = resources[key];
    const command = download
      .command(`${resource.noun} [id] [folder]`)
      .description(`Download the files of a ${resource.noun} into a folder.`)
      .addHelpText(
        'after',
        `\nExample:\n  firectl download ${resource.noun} my-${resource.noun} /path/to/folder/`,
      );
    command.action(
      act(async (session: Session, id: string | undefined, folder: string | undefined) => {
        const name = await resolveName(session, resource, readName(id));
        const method = methodOf(resource, 'getDownloadEndpoint', 'verb');
        const reply = await sendCall<{ filenameToSignedUrls: Record<string, string> }>(session, {
          method,
          name,
        });
        const target = folder ?? name.split('/').at(-1)!;
        const { downloadFiles } = await import('@sparkler/sdk/node');
        await showTransfers(session, (options) =>
          downloadFiles(reply?.filenameToSignedUrls ?? {}, target, options),
        );
        session.streams.note(`Downloaded ${name} to ${target}\n`);
      }),
    );
  }
}
