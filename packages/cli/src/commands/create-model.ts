import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Act } from '../act.ts';
import { methodOf, sendCall } from '../calls.ts';
import { resources } from '../contract.ts';
import { UsageError } from '../exit-codes.ts';
import { addFieldOptions } from '../flags/add-field-options.ts';
import { deriveFlags } from '../flags/derive-flags.ts';
import { type RawFlags, readFlags } from '../flags/read-flags.ts';
import { readName, resolveReference } from '../names.ts';
import { nouns, schemaOf } from '../nouns.ts';
import { printResource } from '../output/print-resource.ts';
import { showTransfers } from '../output/show-transfers.ts';
import type { Session } from '../session.ts';
import { sendCreate } from './create.ts';
import { createOrResume } from './create-or-resume.ts';

const noun = nouns.find((candidate) => candidate.key === 'models')!;

interface ModelFlags extends RawFlags {
  readonly baseModel?: string;
  readonly awsAccessKeyId?: string;
  readonly awsSecretAccessKey?: string;
  readonly embedding?: boolean;
}

/**
 * `firectl create model <id> <folder | s3://… | hf://owner/name>`: a base model, or with an
 * adapter_config.json a LoRA addon.
 */
export function addCreateModel(create: Command, act: Act): void {
  const fields = deriveFlags(schemaOf('models'), 'create').filter(({ name }) => name !== 'kind');
  const command = create
    .command('model [id] [source]')
    .description('Upload a model: a folder of files, s3://bucket/folder, or hf://owner/name.')
    .option('--base-model <string>', 'for a LoRA addon: the model it was trained on')
    .option('--embedding', 'the model makes embeddings')
    .option('--aws-access-key-id <string>', 'for s3:// sources')
    .option('--aws-secret-access-key <string>', 'for s3:// sources; better AWS_SECRET_ACCESS_KEY');
  addFieldOptions(command, fields);
  command.addHelpText('after', '\nExample:\n  firectl create model my-model /path/to/checkpoint/');
  command.action(
    act(async (session: Session, id: string | undefined, source: string | undefined, flags: ModelFlags) => {
      const modelId = readName(id);
      if (source === undefined) throw new UsageError('name the files: firectl create model <id> <folder>');
      const { baseModel, ...rest } = flags;
      const model = readFlags(fields, rest);
      if (/^(?:s3|hf):\/\//.test(source))
        await importModel(session, modelId, readSource(session, source, flags), model);
      else await uploadFolder(session, modelId, source, model, baseModel, flags.embedding === true);
    }),
  );
}

async function uploadFolder(
  session: Session,
  id: string,
  folder: string,
  model: Readonly<Record<string, unknown>>,
  baseModel: string | undefined,
  isEmbedding: boolean,
): Promise<void> {
  const { listFolder, uploadFiles } = await import('@sparkler/sdk/node');
  const files = await listFolder(folder).catch((error: Error) => {
    throw new UsageError(error.message);
  });
  const isAddon = files.some((file) => file.name === 'adapter_config.json');
  const details = isAddon
    ? { kind: 'HF_PEFT_ADDON', peftDetails: await readPeftDetails(session, folder, baseModel) }
    : {
        kind: isEmbedding ? 'EMBEDDING_MODEL' : 'HF_BASE_MODEL',
        baseModelDetails: { checkpointFormat: 'HUGGINGFACE' },
      };
  const created = await createOrResume(session, noun, { ...details, ...model }, id);
  if (created === null) return;
  const { models } = session.client();
  const urls = await models.getUploadEndpoint(created.name, {
    filenameToSize: Object.fromEntries(files.map((file) => [file.name, String(file.sizeBytes)])),
    enableResumableUpload: true,
  });
  await showTransfers(session, (options) => uploadFiles(urls.filenameToSignedUrls, files, options));
  const checked = await models.validateUpload(created.name);
  for (const warning of checked.warnings ?? []) session.streams.note(`warning: ${warning}\n`);
  printResource(session, await models.get(created.name));
}

async function readPeftDetails(session: Session, folder: string, baseModel: string | undefined) {
  const path = join(folder, 'adapter_config.json');
  let config: { r?: number; target_modules?: string[] | string };
  try {
    config = JSON.parse(await readFile(path, 'utf8')) as typeof config;
  } catch (error) {
    throw new UsageError(`${path} is not JSON: ${(error as Error).message}`);
  }
  if (baseModel === undefined) {
    throw new UsageError(
      'a LoRA addon needs --base-model, such as --base-model accounts/fireworks/models/llama-v3p1-8b-instruct',
    );
  }
  const account = await session.client().resources.account();
  const name = resolveReference(resources.models.pattern, baseModel, account);
  const modules = config.target_modules ?? [];
  return {
    baseModel: name,
    r: config.r,
    targetModules: typeof modules === 'string' ? [modules] : modules,
  };
}

/** The body of :import for an s3:// or hf:// address. */
function readSource(session: Session, source: string, flags: ModelFlags): Record<string, unknown> {
  const { environment } = session;
  const [, bucket, folder] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(source) ?? [];
  if (bucket !== undefined) {
    const accessKeyId = flags.awsAccessKeyId ?? environment.AWS_ACCESS_KEY_ID ?? '';
    const accessSecret = flags.awsSecretAccessKey ?? environment.AWS_SECRET_ACCESS_KEY ?? '';
    return { awsS3Source: { s3Bucket: bucket, s3Path: folder ?? '', accessKeyId, accessSecret } };
  }
  const [, repository, revision, path] =
    /^hf:\/\/([^/@]+\/[^/@]+)(?:@([^/]+))?(?:\/(.+))?$/.exec(source) ?? [];
  if (repository === undefined) {
    throw new UsageError(`${source} is not s3://bucket/folder or hf://owner/name[@revision][/path]`);
  }
  const given = { revision, path, token: environment.HF_TOKEN };
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { huggingFaceSource: { repository, ...Object.fromEntries(set) } };
}

async function importModel(
  session: Session,
  id: string,
  body: Readonly<Record<string, unknown>>,
  model: Readonly<Record<string, unknown>>,
): Promise<void> {
  const wanted = { kind: 'HF_BASE_MODEL', baseModelDetails: { checkpointFormat: 'HUGGINGFACE' }, ...model };
  const created = await sendCreate(session, noun, wanted, id);
  if (created === null) return;
  const method = methodOf(resources.models, 'import', 'verb');
  printResource(session, await sendCall(session, { method, name: created.name, body }));
}
