import { z } from 'zod';
import { type FrameLabels, frameLabelling, openFrameLabels } from '../../data/frame-labels/frame-labels.js';
import type { ShardSet } from '../../data/shards/shards.js';
import { UserError } from '../../errors.js';
import { readResult } from '../../plugin/read-result.js';
import type { Artifact } from '../../plugin/stage.js';
import { digestOfUtterances } from '../teacher-outputs/outputs-result.js';

/** The result of a stage that labels frames. */
export const frameLabelsResult = frameLabelling.extend({
  utterances: z.number(),
  /** SHA-256 of the utterances' names and lengths. */
  corpus: z.string(),
  /** Share of the frames that have a label. */
  labelled: z.number(),
});

/** The kind of artifact that such a stage produces. */
export const FRAME_LABELS = 'units';

/** Opens labels of frames. @throws UserError where they are of another corpus */
export function openLabelsOfFrames(artifact: Artifact, name: string, train: ShardSet): FrameLabels {
  const { utterances, corpus, labelled: _labelled, ...labelling } = readResult(artifact, frameLabelsResult);
  if (corpus !== digestOfUtterances(train))
    throw new UserError(
      `'${name}' labels the frames of ${utterances} utterances of another corpus; this one has ${train.ids.length}. Label the frames of the ` +
        'corpus that is trained on.',
    );
  return openFrameLabels(artifact.dir, labelling, train.samples);
}
