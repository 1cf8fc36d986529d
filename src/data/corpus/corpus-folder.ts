import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { UserError } from '../../errors.js';
import { writeError } from '../../io/atomic.js';
import { withFolderLock } from '../folder-lock.js';
import type { BuildOptions } from './build-options.js';
import type { ListFacts } from './trial-lists.js';

/** What corpus.json says. */
export interface CorpusFacts {
  name: string;
  /** What the corpus was made with; another build with the same options would give the same corpus. */
  options: Record<string, unknown>;
  seed: number;
  sampleRateHz: 16000;
  utterances: number;
  /** Of known name. */
  speakers: number;
  seconds: number;
  train: { utterances: number; speakers: number };
  test: { utterances: number; speakers: number };
  /** In each of trials/clean.txt and trials/channel.txt; half are targets. Zero where there are no lists. */
  trials: number;
  /** By name, where the corpus has lists of its own. */
  lists?: Record<string, ListFacts>;
  /** How many recordings were left out, by kind of reason; skipped.tsv names them. */
  skipped: Record<string, number>;
  packages?: Record<string, string>;
}

/** A corpus folder that is there and whole. */
export interface CorpusSummary extends CorpusFacts {
  dir: string;
  /** It stood there already; nothing was built. */
  existing: boolean;
}

/** Which corpus a folder is to hold. */
export interface CorpusIdentity {
  name: string;
  options: Record<string, unknown>;
}

/**
 * Builds a corpus folder whole or not at all: `build` fills DIR.partial, which then becomes DIR. A corpus of the same
 * identity that stands at DIR is taken as it is. One build at a time: a second waits and finds the first one's.
 * @param options.force replaces a corpus that is there; the old one stays until the new one is complete
 * @param options.resume leaves DIR.partial in place when the build ends early, for the next one to go on with
 * @throws UserError when DIR holds something else
 */
export async function buildCorpusFolder(
  dir: string,
  identity: CorpusIdentity,
  options: BuildOptions & { force?: boolean; resume?: boolean },
  build: (partial: string) => Promise<CorpusFacts>,
): Promise<CorpusSummary> {
  const target = resolve(dir);
  return withFolderLock(`${target}.lock`, options, async () => {
    const [partial, old] = [`${target}.partial`, `${target}.old`];
    // A forced build that was killed between its two renames.
    if (existsSync(old) && !existsSync(target)) renameSync(old, target);
    rmSync(old, { recursive: true, force: true });

    const existing = inspect(target, identity, options.force === true);
    if (existing) return { ...existing, dir: target, existing: true };
    if (!options.resume) rmSync(partial, { recursive: true, force: true });
    let facts: CorpusFacts;
    try {
      facts = await build(partial);
      if (existsSync(target)) renameSync(target, old);
      renameSync(partial, target);
    } catch (error) {
      if (!options.resume) rmSync(partial, { recursive: true, force: true });
      throw writeError(partial, error);
    }
    rmSync(old, { recursive: true, force: true });
    return { ...facts, dir: target, existing: false };
  });
}

/** The corpus to keep at `dir`; undefined when one is to be built there. */
function inspect(dir: string, { name, options }: CorpusIdentity, force: boolean): CorpusFacts | undefined {
  if (!existsSync(dir) || isEmpty(dir)) return undefined;
  const facts = readCorpusFacts(dir);
  if (!facts) {
    throw new UserError(`${dir} exists and is not a corpus: it will not be overwritten. Choose another --out folder.`);
  }
  if (force) return undefined;
  if (facts.name === name && JSON.stringify(facts.options) === JSON.stringify(options)) return facts;
  throw new UserError(
    `${dir} holds another corpus ("${facts.name}", made with ${JSON.stringify(facts.options)}). ` +
      'Choose another --out folder, or replace it with --force.',
  );
}

function isEmpty(dir: string): boolean {
  try {
    return readdirSync(dir).length === 0;
  } catch {
    return false;
  }
}

/** Reads DIR/corpus.json; undefined when there is none that makes sense. */
export function readCorpusFacts(dir: string): CorpusFacts | undefined {
  try {
    const facts: CorpusFacts = JSON.parse(readFileSync(join(dir, 'corpus.json'), 'utf8'));
    return typeof facts.name === 'string' && typeof facts.utterances === 'number' ? facts : undefined;
  } catch {
    return undefined;
  }
}
