import { join, relative } from 'node:path';
import { messageOf } from '../../../errors.js';
import type { Rng } from '../../../random.js';
import { inOrder, type WorkerPool } from '../../worker-pool.js';
import type { Skipped } from '../finish-corpus.js';
import type { DecodedClip } from './clip-worker.js';
import type { ClipFolder } from './clips.js';
import { type Clip, type JoinedUtterance, joinClips } from './join.js';

const UTTERANCE_SAMPLES = 64000; // 4 s
const MIN_CLIP_SAMPLES = 1600; // 0.1 s

/** A joined utterance and the folder that its clips come from. */
export interface CutUtterance extends JoinedUtterance {
  folder: ClipFolder;
}

/** Everything that cutting needs besides the folders. */
export interface CutContext {
  root: string;
  pool: WorkerPool<string, DecodedClip>;
  rng: Rng;
  maxPerSpeaker: number;
  signal?: AbortSignal;
  onSkip(skipped: Skipped): void;
}

/**
 * Cuts 4 s utterances from each folder's clips, taken in random order, until the speaker has enough: the cap is thus
 * a random choice, and clips beyond it need not be decoded. The folders of one speaker share the cap evenly, and no
 * utterance mixes two folders. Clips that cannot be used, or whose audio occurred before, are skipped.
 */
export async function* cutUtterances(folders: ClipFolder[], context: CutContext): AsyncGenerator<CutUtterance> {
  const seen = new Set<string>();
  for (const folder of folders) {
    const foldersOfSpeaker = folders.filter(({ speaker }) => speaker === folder.speaker).length;
    let left = Math.floor(context.maxPerSpeaker / foldersOfSpeaker);
    for await (const utterance of joinClips(usableClips(folder, seen, context), UTTERANCE_SAMPLES)) {
      yield { ...utterance, folder };
      if (--left === 0) break;
    }
  }
}

async function* usableClips(folder: ClipFolder, seen: Set<string>, context: CutContext): AsyncGenerator<Clip> {
  const { root, pool, rng, signal, onSkip } = context;
  const order = rng
    .fork(folder.speaker)
    .fork(folder.language)
    .shuffle([...folder.files]);
  const paths = order.map((file) => join(root, file));
  for await (const { task, outcome } of inOrder(pool, paths, signal)) {
    const file = relative(root, task);
    if (outcome.status === 'rejected') {
      onSkip({ file, kind: 'unreadable', reason: messageOf(outcome.reason).replaceAll(task, file) });
      continue;
    }
    const { samples, hash } = outcome.value;
    if (seen.has(hash)) onSkip({ file, kind: 'duplicate', reason: 'the same audio occurred in another file' });
    else if (samples.length < MIN_CLIP_SAMPLES) onSkip({ file, kind: 'no speech', reason: 'less than 0.1 s of sound' });
    else yield { file, samples };
    seen.add(hash);
  }
}
