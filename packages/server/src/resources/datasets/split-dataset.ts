import { randomUUID } from 'node:crypto';
import { ApiError, checkLegal, checkResourceId, idOf } from '@sparkler/api';
import { datasets } from '@sparkler/api/resources';
import { writeClaimed } from '../../blobs/write-claimed.ts';
import { LINE_BYTES_MAX } from '../../dataset-work/check-examples.ts';
import { describeExamples } from '../../dataset-work/complete-dataset.ts';
import { readLines } from '../../dataset-work/read-lines.ts';
import {
  type DatasetResource,
  insertDataset,
  readDataset,
  type StoredDataset,
} from '../../store/datasets.ts';
import { makeBlobPrefix } from '../../store/open-uploads.ts';
import { isDuplicate } from '../../store/postgres-errors.ts';
import type { ControlPlaneContext } from '../control-plane-context.ts';
import type { HandlersOf } from '../handler.ts';
import { requireDataset } from './handlers.ts';

/** What fine-tuning jobs keep for evaluation of a dataset without one: a tenth, at most a hundred. */
const EVALUATION = { share: 0.1, max: 100, min: 3 };

const parts = ['train', 'evaluation'] as const;
type Part = (typeof parts)[number];

/**
 * Makes two datasets of one: `<id>-train` to learn from and `<id>-evaluation`, whose examples are spread
 * evenly over the whole. Done again, after both were removed, it gives the same.
 */
export function makeSplitHandler(
  context: ControlPlaneContext,
): Pick<HandlersOf<typeof datasets>, 'splitDataset'> {
  return {
    async splitDataset({ name }, { principal }) {
      const source = requireDataset(name, await readDataset(context.db, name));
      checkLegal(datasets, 'splitDataset', name, source.resource.state ?? '');
      const total = Number(source.resource.exampleCount ?? 0);
      const kept = planEvaluation(total);
      if (kept < EVALUATION.min) {
        const least = Math.ceil(EVALUATION.min / EVALUATION.share);
        const message = `${name} has ${total} examples; a split needs ${least}, of which a tenth is kept`;
        throw new ApiError('FAILED_PRECONDITION', message);
      }
      for (const part of parts) await refuseTaken(context, nameOf(name, part));
      const takes = (part: Part) => (index: number) => isKept(index, total, kept) === (part === 'evaluation');
      const makePart = (part: Part) => ({
        resource: describePart(source, part, principal.user),
        prefix: makeBlobPrefix(nameOf(name, part), randomUUID()),
        file: `${part}.jsonl`,
        takes: takes(part),
      });
      await writeParts(context, source, makePart('train'), makePart('evaluation'));
      return {};
    },
  };
}

/** Examples that are kept for evaluation. */
export function planEvaluation(total: number): number {
  return Math.min(Math.floor(total * EVALUATION.share), EVALUATION.max);
}

/** Whether an example is one of those, which lie as far from each other as they can. */
export function isKept(index: number, total: number, kept: number): boolean {
  return Math.floor(((index + 1) * kept) / total) > Math.floor((index * kept) / total);
}

function nameOf(source: string, part: Part): string {
  const id = checkResourceId(`${idOf(source)}-${part}`, 'datasetId');
  return `${source.slice(0, source.lastIndexOf('/'))}/${id}`;
}

async function refuseTaken({ db }: ControlPlaneContext, name: string): Promise<void> {
  if ((await readDataset(db, name)) !== null) throw taken(name);
}

function taken(name: string): ApiError {
  return new ApiError('ALREADY_EXISTS', `${name} exists already; delete it to split again`);
}

function describePart({ resource }: StoredDataset, part: Part, createdBy: string): DatasetResource {
  return {
    name: nameOf(resource.name, part),
    displayName: resource.displayName ? `${resource.displayName} (${part})`.slice(0, 63) : '',
    format: resource.format ?? 'FORMAT_UNSPECIFIED',
    state: 'READY',
    createdBy,
    splitted: { sourceDatasetId: resource.name },
  };
}

interface NewPart {
  readonly resource: DatasetResource;
  readonly prefix: string;
  readonly file: string;
  readonly takes: (index: number) => boolean;
}

/** Both or neither. */
async function writeParts(
  context: ControlPlaneContext,
  source: StoredDataset,
  first: NewPart,
  second: NewPart,
): Promise<void> {
  const { db } = context;
  await writeClaimed(context, { prefix: first.prefix }, (releaseFirst) =>
    writeClaimed(context, { prefix: second.prefix }, async (releaseSecond) => {
      const written = [await writePart(context, source, first), await writePart(context, source, second)];
      await db.transaction().execute(async (transaction) => {
        await releaseFirst(transaction);
        await releaseSecond(transaction);
        for (const { resource, files } of written) {
          await insertDataset(transaction, source.account, resource, files).catch((error) => {
            throw isDuplicate(error) ? taken(resource.name) : error;
          });
        }
      });
    }),
  );
}

async function writePart({ blobs }: ControlPlaneContext, source: StoredDataset, part: NewPart) {
  const { prefix, file, takes } = part;
  const bytes = await blobs.write(`${prefix}/${file}`, takeExamples(blobs, source, takes), null);
  const resource = { ...part.resource, ...(await describeExamples(blobs, prefix, part.resource.format)) };
  return { resource, files: { blobPrefix: prefix, uploadFiles: { [file]: bytes } } };
}

/** The examples of all files of a checked dataset, in their order, as they stand. */
async function* takeExamples(
  blobs: ControlPlaneContext['blobs'],
  { blobPrefix }: StoredDataset,
  takes: (index: number) => boolean,
): AsyncGenerator<Uint8Array> {
  let index = 0;
  for (const { key } of await blobs.list(blobPrefix ?? '')) {
    for await (const { text } of readLines(await blobs.read(key), LINE_BYTES_MAX)) {
      if (takes(index)) yield Buffer.from(`${text}\n`);
      index += 1;
    }
  }
}
