import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import type { Act } from '../act.ts';
import { methodOf, sendCall } from '../calls.ts';
import { resources } from '../contract.ts';
import { UsageError } from '../exit-codes.ts';
import { readName } from '../names.ts';
import { nouns } from '../nouns.ts';
import { printResource } from '../output/print-resource.ts';
import { showTransfers } from '../output/show-transfers.ts';
import type { Session } from '../session.ts';
import { createOrResume } from './create-or-resume.ts';

const noun = nouns.find((candidate) => candidate.key === 'datasets')!;

/** `firectl create dataset <id> <file.jsonl>`: creates, uploads with a progress bar, validates. */
export function addCreateDataset(create: Command, act: Act): void {
  const command = create
    .command('dataset [id] [file]')
    .description('Create a dataset from a JSONL file.')
    .option('--display-name <string>', 'the display name of the dataset')
    .addHelpText('after', '\nExample:\n  firectl create dataset my-dataset /path/to/dataset.jsonl');
  command.action(
    act(
      async (
        session: Session,
        id: string | undefined,
        file: string | undefined,
        flags: { displayName?: string },
      ) => {
        // `firectl create dataset path/to/file.jsonl` names the dataset after the file.
        const [name, path] =
          file === undefined && id?.includes('.') ? [nameOfFile(id), id] : [readName(id), file];
        if (path === undefined)
          throw new UsageError('name the file: firectl create dataset <id> <file.jsonl>');
        await createDataset(session, name, path, flags.displayName);
      },
    ),
  );
}

async function createDataset(
  session: Session,
  id: string,
  path: string,
  displayName: string | undefined,
): Promise<void> {
  const info = await stat(path).catch(() => null);
  if (info === null || !info.isFile()) throw new UsageError(`${path} is not a file`);
  const exampleCount = String(await countLines(path));
  const dataset = {
    ...(displayName === undefined ? {} : { displayName }),
    userUploaded: {},
    exampleCount,
    format: 'CHAT',
  };
  const created = await createOrResume(session, noun, dataset, id);
  if (created === null) return;
  const filename = path.split('/').at(-1)!;
  const { datasets } = session.client();
  const urls = await datasets.getUploadEndpoint(created.name, {
    filenameToSize: { [filename]: String(info.size) },
  });
  const { uploadFiles } = await import('@sparkler/sdk/node');
  await showTransfers(session, (options) =>
    uploadFiles(urls.filenameToSignedUrls, [{ name: filename, path }], options),
  );
  await sendCall(session, {
    method: methodOf(resources.datasets, 'validateUpload', 'verb'),
    name: created.name,
    body: {},
  });
  printResource(session, await datasets.get(created.name));
}

async function countLines(path: string): Promise<number> {
  let count = 0;
  for await (const line of createInterface({ input: createReadStream(path) }))
    if (line.trim() !== '') count++;
  return count;
}

/** `training-data` of `path/Training_Data.jsonl`. */
function nameOfFile(path: string): string {
  const base = path
    .split('/')
    .at(-1)!
    .replace(/\.[^.]+$/, '');
  return base
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[-0-9]+|-+$/g, '');
}
