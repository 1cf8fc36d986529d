import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { FeatureDefinition } from '../../audio/features/feature-definition.js';
import { fileOfSound } from '../../io/archive-place.js';
import type { AudioPart } from '../audio-part.js';

const STATS_AT_ONCE = 32;

/** An utterance to put into shards: a name, an absolute path and, where it is not the whole file, which part of it. */
export interface Source {
  id: string;
  path: string;
  part?: AudioPart;
}

/**
 * A hash of everything that shards are built from: ids, paths, sizes and modification times in order, the shard size and the least length,
 * and the definition of stored features.
 * A file that cannot be examined counts as missing, so that the hash changes when it comes back.
 */
export async function listHash(
  sources: Iterable<Source>,
  maxShardBytes: number,
  minSeconds = 0,
  features?: FeatureDefinition,
): Promise<string> {
  const least = minSeconds > 0 ? `, at least ${minSeconds} s` : '';
  const kind = features ? `feature shards, format 2, ${JSON.stringify(features)}` : 'pcm16 shards, format 1';
  const hash = createHash('sha256').update(`${kind}, up to ${maxShardBytes} bytes${least}\n`);
  let some: Source[] = [];
  const take = async () => {
    hash.update((await Promise.all(some.map(stampOf))).join(''));
    some = [];
  };
  for (const source of sources) if (some.push(source) === STATS_AT_ONCE) await take();
  await take();
  return hash.digest('hex');
}

async function stampOf({ id, path, part }: Source): Promise<string> {
  const file = await stat(fileOfSound(path)).catch(() => undefined);
  const which = part ? `\t${JSON.stringify(part)}` : '';
  return `${id}\t${path}\t${file ? `${file.size}\t${Math.round(file.mtimeMs)}` : 'missing'}${which}\n`;
}
