import { existsSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { UserError } from '../../errors.js';
import { writeError } from '../../io/write-error.js';
import type { SAMPLE_RATE_HZ } from '../../sample-rate.js';
import { withFolderLock } from '../folder-lock.js';
import type { BuildOptions } from './build-options.js';
import type { ListFacts } from './trial-lists.js';

/** The contents of corpus.json. */
export interface CorpusFacts {
  name: string;
  /** The options that the corpus was made with; another build with the same ones gives the same corpus. */
  options: Record<string, unknown>;
  seed: number;
  sampleRateHz: typeof SAMPLE_RATE_HZ;
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
  /** Numbers of recordings left out, by kind of reason; skipped.tsv names them. */
  skipped: Record<string, number>;
  packages?: Record<string, string>;
}

/** A complete corpus folder. */
export interface CorpusSummary extends CorpusFacts {
  dir: string;
  /** True when it existed already and nothing was built. */
  existing: boolean;
}

/** Identifies the corpus that a folder is to hold. */
export interface CorpusIdentity {
  name: string;
  options: Record<string, unknown>;
}

/**
 * Builds a corpus folder whole or not at all: `build` fills DIR.partial, which then becomes DIR. A corpus of the same
 * identity at DIR is kept as it is. One build runs at a time: a second waits, and finds what the first one built.
 * @param options.force replaces an existing corpus; the old one stays until the new one is complete
 * @param options.resume leaves DIR.partial in place when the build ends early, for the next one to continue
 * @throws UserError when DIR holds something else
 */
export async function buildCorpusFolder(
  dir: string,
  identity: CorpusIdentity,
  options: BuildOptions & { force?: boolean; resume?: boolean },
  build: (partial: string) => Promise<CorpusFacts>,
): Promise<CorpusSummary> {
  // A link to a folder stays a link: what it leads to is built.
  const target = existsSync(dir) ? realpathSync(dir) : resolve(dir);
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
  const different = facts.name === name ? differences(facts.options, options) : undefined;
  if (different?.length === 0) return facts;
  if (different?.every((option) => OF_RECORDINGS.has(option)))
    throw new UserError(
      `${dir} was made of recordings or lists that have changed since, or were copied anew: their number, sizes or times differ. ` +
        'Make it again with --force, or choose another --out folder.',
    );
  const others = (different ?? []).filter((option) => !OF_RECORDINGS.has(option));
  const values = others.map(
    (option) => `${option} was ${shown(facts.options[option])} and is ${shown(options[option])} now`,
  );
  throw new UserError(
    `${dir} holds another corpus: ${different ? values.join('; ') : `it is of the kind ${facts.name}, and ${name} is wanted`}. ` +
      'Choose another --out folder, or replace it with --force.',
  );
}

const shown = (value: unknown): string => JSON.stringify(value) ?? 'left open';

/** Options that stand for what a corpus is made of: counts and hashes of lists, sizes and times. */
const OF_RECORDINGS = new Set(['hash', 'sound', 'recordings', 'shards']);

/** The options that differ. A corpus that does not say what its sound was made from is taken as it is. */
function differences(made: Record<string, unknown>, wanted: Record<string, unknown>): string[] {
  const names = new Set([...Object.keys(made), ...Object.keys(wanted)]);
  if (made.sound === undefined) names.delete('sound');
  return [...names].filter((name) => JSON.stringify(made[name]) !== JSON.stringify(wanted[name]));
}

function isEmpty(dir: string): boolean {
  try {
    return readdirSync(dir).length === 0;
  } catch {
    return false;
  }
}

/** Reads DIR/corpus.json; undefined when it is missing or damaged. */
export function readCorpusFacts(dir: string): CorpusFacts | undefined {
  try {
    const facts: CorpusFacts = JSON.parse(readFileSync(join(dir, 'corpus.json'), 'utf8'));
    return typeof facts.name === 'string' && typeof facts.utterances === 'number' ? facts : undefined;
  } catch {
    return undefined;
  }
}
