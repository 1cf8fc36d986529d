import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { HnswIndex, Hnswlib } from '../cluster/neighbours/hnswlib.js';
import { messageOf } from '../errors.js';
import { createRng } from '../random.js';
import { centroidsOf, type Match, nearest, type SpeakerSearch } from './centroids.js';
import { readStoreVectors, type Speaker, type SpeakerStore } from './store.js';
import { INDEX_FILE, indexFile } from './store-format.js';

/** The parameters of HNSW (see hnsw.ts); wider than for clustering, as a missed speaker is a wrong answer. */
const LINKS = 16;
const EF_CONSTRUCTION = 80;
const EF_SEARCH = 200;
const SEED = 1;
/** Speakers enrolled since the index was built are compared one by one, up to this share of all or this number. */
const LATE_SHARE = 0.02;
const LATE_SPEAKERS = 1000;
/** Speakers added before other work runs. */
const TURN = 256;

/**
 * Searches through an HNSW index of all speakers' mean directions, numbered in the order of their enrolment. It is built once and kept
 * beside the store's files, under a name with the length of the journal it covers; speakers enrolled or changed after that are
 * compared exactly, and when they are many the index is rebuilt.
 */
export async function searchIndex(
  library: Hnswlib,
  dir: string,
  log: (line: string) => void = () => {},
): Promise<SpeakerSearch> {
  let cached: Cached | undefined;
  const { store, chosen, vectors } = readStoreVectors(dir, (snapshot) => {
    cached = openCached(library, snapshot, log);
    return cached?.late ?? snapshot.speakers.values();
  });
  const centroids = centroidsOf(chosen, vectors, store.info.embeddingSize);
  if (cached) return searchOf(store, cached.index, centroids);
  log(`building the search index of ${chosen.length} speakers`);
  const index = await build(library, centroids, store.info.embeddingSize);
  keep(index, dir, indexFile(store.info, store.journalBytes), log);
  return searchOf(store, index, []);
}

type Centroids = ReturnType<typeof centroidsOf>;

/** An index, and the speakers that came or changed after it was built. */
interface Cached {
  index: HnswIndex;
  late: Speaker[];
}

function searchOf({ speakers }: SpeakerStore, index: HnswIndex, late: Centroids): SpeakerSearch {
  const names = [...speakers.keys()];
  const changed = new Set(late.map(({ speaker }) => speaker));
  const places = new Map(changed.size > 0 ? names.map((name, place) => [name, place]) : []);
  return {
    speakers: names.length,
    exact: false,
    find(unit, count) {
      // A changed speaker may take a place in the index too.
      const wanted = Math.min(count + changed.size, index.getCurrentCount());
      index.setEf(Math.max(EF_SEARCH, wanted));
      const { distances, neighbors } = index.searchKnn([...unit], wanted);
      const indexed = neighbors.map((place, i) => ({ place, score: Math.min(1, Math.max(-1, 1 - distances[i])) }));
      const compared = nearest(late, unit, count).map(({ speaker, score }) => ({ place: places.get(speaker)!, score }));
      return [...indexed.filter(({ place }) => !changed.has(names[place])), ...compared]
        .sort((a, b) => b.score - a.score || a.place - b.place)
        .slice(0, count)
        .map(({ place, score }): Match => ({ speaker: names[place], score }));
    },
  };
}

/** The newest index of this generation, unless too many speakers came after it or it cannot be read. */
function openCached(library: Hnswlib, store: SpeakerStore, log: (line: string) => void): Cached | undefined {
  const { dir, info, speakers } = store;
  const known = readdirSync(dir).flatMap((name) => {
    const [, generation, bytes] = INDEX_FILE.exec(name) ?? [];
    return generation === info.generation && Number(bytes) <= store.journalBytes ? [Number(bytes)] : [];
  });
  if (known.length === 0) return undefined;
  const journalBytes = Math.max(...known);
  const late = [...speakers.values()].filter((speaker) => speaker.journalBytes > journalBytes);
  if (late.length > Math.max(LATE_SPEAKERS, LATE_SHARE * speakers.size)) return undefined;
  const path = join(dir, indexFile(info, journalBytes));
  try {
    const index = new library.HierarchicalNSW('ip', info.embeddingSize);
    index.readIndexSync(path);
    return { index, late };
  } catch (error) {
    log(`${path} cannot be read (${messageOf(error)}); building it again`);
    return undefined;
  }
}

async function build(library: Hnswlib, centroids: Centroids, size: number): Promise<HnswIndex> {
  const index = new library.HierarchicalNSW('ip', size);
  index.initIndex(centroids.length, LINKS, EF_CONSTRUCTION, SEED);
  // Neighbours in the list may be alike: added at random they make a better graph.
  const order = createRng(SEED).shuffle(Int32Array.from(centroids.keys()));
  for (const [i, place] of order.entries()) {
    if (i % TURN === 0) await setImmediate();
    index.addPoint([...centroids[place].centroid], place);
  }
  return index;
}

/** Writes the index beside the store and removes older ones; without write access the index is built again the next time. */
function keep(index: HnswIndex, dir: string, name: string, log: (line: string) => void): void {
  const temporary = join(dir, `index-${randomBytes(4).toString('hex')}.tmp`);
  try {
    index.writeIndexSync(temporary);
    renameSync(temporary, join(dir, name));
    for (const other of readdirSync(dir)) {
      if (INDEX_FILE.test(other) && other !== name) rmSync(join(dir, other), { force: true });
    }
  } catch (error) {
    if (existsSync(temporary)) rmSync(temporary, { force: true });
    log(`the search index cannot be stored (${messageOf(error)})`);
  }
}
