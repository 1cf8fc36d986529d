import { join } from 'node:path';
import { z } from 'zod';
import { knownLabels } from '../data/known-labels.js';
import { UserError } from '../errors.js';
import { writeNpy } from '../io/npy.js';
import { defineStage } from '../plugin/define.js';
import { artifact } from '../plugin/options.js';
import { openTraining } from './artifacts/corpus-data.js';
import { clustersResult } from './artifacts/pseudo-labels.js';

const options = z.strictObject({
  corpus: artifact('corpus'),
  share: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe("share of each speaker's utterances that get a label, drawn by seed; the others get none (-1)"),
  least: z
    .number()
    .int()
    .positive()
    .default(2)
    .describe('the least number of utterances of a speaker; speakers with fewer are left out'),
});

/** Gives the training utterances their speakers' numbers: labels.npy, int32 in shard order, -1 for none and for unknown speakers. */
export default defineStage({
  name: 'labels',
  summary: 'Labels training utterances with their known speakers, all of them or a share of each.',
  options,
  result: clustersResult.extend({ labelled: z.number(), leftOut: z.number() }),
  produces: 'clusters',
  async run({ artifact, dir, seed, log }, { corpus: name, share, least }) {
    const corpus = openTraining(artifact(name));
    if (!corpus.trainSpeakers.some(Boolean))
      throw new UserError(
        `The speakers of ${corpus.dir} are not known, and labels are their speakers. ` +
          'Build the corpus with known speakers (voxloop corpus dir --speaker), or cluster it for pseudo-labels.',
      );
    const { labels, speakers, leftOut } = knownLabels(corpus.trainSpeakers, { share, least, seed });
    if (speakers < 2)
      throw new UserError(
        `${speakers} of ${speakers + leftOut} speakers have ${least} utterances or more; two are needed to tell speakers apart. Lower least.`,
      );
    writeNpy(join(dir, 'labels.npy'), [labels.length], labels);
    const labelled = labels.filter((label) => label >= 0).length;
    const unknown = corpus.trainSpeakers.filter((speaker) => !speaker).length;
    log(
      `${labelled} of ${labels.length} utterances labelled, of ${speakers} speakers` +
        (leftOut > 0 ? `; ${leftOut} speakers have fewer than ${least} utterances and are left out` : '') +
        (unknown > 0 ? `; ${unknown} utterances of unknown speakers have no label` : ''),
    );
    // Right by definition: there is no agreement with the speakers to measure.
    return { clusters: speakers, labelled, leftOut, nmi: null, purity: null };
  },
});
