import { libraryFor, type Search } from '../cluster/neighbours/neighbours.js';
import type { ModelIdentity } from '../eval/model-identity.js';
import { centroidsOf, nearest, type SpeakerSearch } from './centroids.js';
import { checkStoreModel } from './change-store.js';
import { searchIndex } from './search-index.js';
import { noSpeakers, readStore, readStoreVectors } from './store.js';

export interface SearchOptions {
  /** `auto`: exact for up to 50,000 speakers and where hnswlib-node does not load. */
  search?: Search;
  log?: (line: string) => void;
}

/**
 * Opens a store for searching. Above 50,000 speakers through an HNSW index, which is kept in the store's folder.
 * @throws UserError for an empty store or one of another model, and for search 'hnsw' where hnswlib-node does not load
 */
export async function openSearch(
  dir: string,
  model: ModelIdentity,
  { search = 'auto', log }: SearchOptions = {},
): Promise<SpeakerSearch> {
  const { info, speakers } = readStore(dir);
  checkStoreModel(dir, info, model);
  if (speakers.size === 0) throw noSpeakers(dir);
  const library = await libraryFor(speakers.size, { search, log });
  return library ? searchIndex(library, dir, log) : exactSearch(dir);
}

function exactSearch(dir: string): SpeakerSearch {
  const { store, chosen, vectors } = readStoreVectors(dir);
  const centroids = centroidsOf(chosen, vectors, store.info.embeddingSize);
  return { speakers: chosen.length, exact: true, find: (unit, count) => nearest(centroids, unit, count) };
}
