import type { Insertable } from 'kysely';
import type { CatalogueEntry } from '../catalogue/index.ts';
import type { Database } from '../store/database.ts';
import type { ModelsTable } from '../store/schema.ts';

/** Public kinds (spec, enum ModelKind) of the catalogue's kinds. */
const publicKinds: Readonly<Record<CatalogueEntry['kind'], string>> = {
  chat: 'HF_BASE_MODEL',
  completion: 'HF_BASE_MODEL',
  vision: 'HF_BASE_MODEL',
  draft: 'DRAFT_ADDON',
  embedding: 'EMBEDDING_MODEL',
  reranker: 'EMBEDDING_MODEL',
  speech: 'HF_BASE_MODEL',
  image: 'FLUMINA_BASE_MODEL',
};

/** Makes the catalogue's models public models of the provider account, and keeps their facts up to date. */
export async function publishCatalogue(
  db: Database,
  providerAccount: string,
  catalogue: readonly CatalogueEntry[],
): Promise<void> {
  if (catalogue.length === 0) return;
  await db
    .insertInto('models')
    .values(catalogue.map((entry) => toRow(providerAccount, entry)))
    .onConflict((conflict) =>
      conflict
        .column('name')
        .doUpdateSet((eb) => ({
          display_name: eb.ref('excluded.display_name'),
          kind: eb.ref('excluded.kind'),
          catalogue_id: eb.ref('excluded.catalogue_id'),
          context_length: eb.ref('excluded.context_length'),
          supports_chat: eb.ref('excluded.supports_chat'),
          supports_tools: eb.ref('excluded.supports_tools'),
          supports_image_input: eb.ref('excluded.supports_image_input'),
          price_class: eb.ref('excluded.price_class'),
          hugging_face_url: eb.ref('excluded.hugging_face_url'),
          licence: eb.ref('excluded.licence'),
          base_model_details: eb.ref('excluded.base_model_details'),
          update_time: new Date(),
        }))
        // Rows that someone made under the same name, or that are as they should be, stay untouched.
        .whereRef('models.catalogue_id', '=', 'excluded.catalogue_id'),
    )
    .execute();
}

/** Resource name of a catalogue model. */
export function catalogueModelName(providerAccount: string, id: string): string {
  return `accounts/${providerAccount}/models/${id}`;
}

function toRow(providerAccount: string, entry: CatalogueEntry): Insertable<ModelsTable> {
  const repository = entry.sources.find((source) => source.kind === 'hugging-face')?.repository;
  return {
    name: catalogueModelName(providerAccount, entry.name),
    account: providerAccount,
    display_name: entry.displayName,
    kind: publicKinds[entry.kind],
    state: 'READY',
    is_public: true,
    catalogue_id: entry.name,
    context_length: entry.contextTokens ?? 0,
    supports_chat: entry.kind === 'chat' || entry.kind === 'vision',
    supports_tools: entry.supportsTools,
    supports_image_input: entry.kind === 'vision',
    price_class: entry.priceClass,
    hugging_face_url: repository === undefined ? '' : `https://huggingface.co/${repository}`,
    licence: entry.licence.name,
    base_model_details: JSON.stringify({ parameterCount: String(entry.parameters) }),
  };
}
