import { rmSync } from 'node:fs';
import { builtIns } from '../builtins.js';
import { refuseModel } from '../embed/model-file.js';
import { UserError } from '../errors.js';
import { type ImportSummary, importModel } from '../import/import-model.js';
import { catalogue, type PublishedModel } from '../import/published/catalogue.js';
import { type FetchedFile, type Fetching, fetchModel, folderOf } from '../import/published/fetch-model.js';
import { createRegistry } from '../pipeline/registry/registry.js';
import { didYouMeanOrKnown } from '../plugin/suggest.js';
import { modelBuilder } from '../stages/training/resolve-plugins.js';

/** A published model that was fetched and imported. */
export type GottenModel = ImportSummary & { files: FetchedFile[] };

/**
 * Fetches a published model by its name in the catalogue and imports it into the model folder `out`; what was fetched is deleted then.
 * @throws UserError for a name that is not known, a host that cannot be reached, and files that are not what they were
 */
export async function getModel(name: string, out: string, fetching: Fetching): Promise<GottenModel> {
  const model = modelNamed(name);
  refuseModel(out);
  const { path, files, pin } = await fetchModel(model, fetching);
  const registry = createRegistry(builtIns);
  const summary = await importModel(path, out, {
    format: model.format,
    licence: model.licence,
    builder: (info) => modelBuilder(registry, info),
  });
  pin();
  rmSync(folderOf(fetching.cache, model), { recursive: true, force: true });
  return { ...summary, files };
}

/** @throws UserError that names what is near */
function modelNamed(name: string): PublishedModel {
  const model = catalogue.find((each) => each.name === name);
  if (model) return model;
  const names = catalogue.map((each) => each.name);
  throw new UserError(`No published model is called '${name}'${didYouMeanOrKnown(name, names)}.`);
}
