import { UserError } from '../../../errors.js';
import type { AudioPart } from '../../audio-part.js';
import { packedRows, type Rows } from '../../packed-rows.js';
import type { Collection, CollectionRecording } from './collection.js';

/** A stretch of a recording that a trial names. */
export interface Fragment {
  /** The name in the trial list: `PATH#t=FROM,TO`. */
  name: string;
  /** The recording. */
  path: string;
  seconds: NonNullable<AudioPart['seconds']>;
}

const SECONDS = String.raw`\d+(?:\.\d+)?`;
const FRAGMENT = new RegExp(`^(.+)#t=(${SECONDS})?(?:,(${SECONDS}))?$`);

/**
 * Reads `PATH#t=FROM,TO`, in seconds, either of which may be left out (W3C, "Media Fragments URI 1.0", 2012).
 * @returns undefined for a name of another form, which is that of a whole recording
 * @throws UserError when it ends before it begins
 */
export function parseFragment(name: string): Fragment | undefined {
  const [, path, from, to] = FRAGMENT.exec(name) ?? [];
  if (path === undefined || (from === undefined && to === undefined)) return undefined;
  const seconds = { from: Number(from ?? 0), to: to === undefined ? null : Number(to) };
  if (seconds.to !== null && seconds.to <= seconds.from)
    throw new UserError(
      `A trial names ${name}, which ends before it begins: write the start, then the end, in seconds.`,
    );
  return { name, path, seconds };
}

/**
 * Puts the stretches that trials name into the place of their recordings, which stay only where trials name them too.
 * @param named all names of the trial lists
 */
export function cutFragments(collections: readonly Collection[], named: ReadonlySet<string>): Collection[] {
  const fragments = new Map<string, Fragment[]>();
  for (const name of named) {
    const fragment = parseFragment(name);
    if (fragment) fragments.set(fragment.path, (fragments.get(fragment.path) ?? []).concat(fragment));
  }
  if (fragments.size === 0) return [...collections];
  return collections.map((collection) => ({ ...collection, recordings: cut(collection, fragments, named) }));
}

function cut(
  { recordings }: Collection,
  fragments: ReadonlyMap<string, readonly Fragment[]>,
  named: ReadonlySet<string>,
): Rows<CollectionRecording> {
  const rows = packedRows<CollectionRecording>();
  for (const recording of recordings) {
    const stretches = fragments.get(recording.path) ?? [];
    if (stretches.length === 0 || named.has(recording.path)) rows.push(recording);
    for (const { name, seconds } of stretches) rows.push({ ...recording, path: name, part: { seconds } });
  }
  return rows;
}
