import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { sourceStamp } from '../data/corpus/source-stamp.js';
import { knownLabels } from '../data/known-labels.js';
import { UserError } from '../errors.js';
import { declareInputs } from '../io/inputs.js';
import { readLines } from '../io/lines.js';
import { writeNpy } from '../io/npy.js';
import { defineStage } from '../plugin/define.js';
import { artifact } from '../plugin/options.js';
import { openTraining, type TrainingData } from './artifacts/corpus-data.js';
import { clustersResult } from './artifacts/pseudo-labels.js';

const options = z.strictObject({
  corpus: artifact('corpus'),
  by: z
    .enum(['speaker', 'language', 'gender', 'utterance'])
    .default('speaker')
    .describe(
      'what of the manifest an utterance is labelled with; utterance: each with a label of its own, as a cohort is',
    ),
  file: z
    .string()
    .optional()
    .describe('instead: lines of UTTERANCE LABEL, by the names of the corpus, such as channels or accents'),
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
    .optional()
    .describe(
      'the least number of utterances of a speaker; speakers with fewer are left out; default 2, of by: utterance 1',
    ),
});

/** Gives the training utterances their speakers' numbers: labels.npy, int32 in shard order, -1 for none and for unknown speakers. */
export default defineStage({
  name: 'labels',
  summary:
    'Labels training utterances with their known speakers, all of them or a share of each; or languages, channels, themselves.',
  options,
  result: clustersResult.extend({ labelled: z.number(), leftOut: z.number() }),
  produces: 'clusters',
  sources: ({ file }) => (file === undefined ? undefined : sourceStamp([file])),
  check: (_, { file }) => (file === undefined || existsSync(file) ? [] : [`${file} does not exist. Check the path.`]),
  async run({ artifact, dir, seed, log }, { corpus: name, by, file, share, least: asked }) {
    const least = asked ?? (by === 'utterance' ? 1 : 2);
    const corpus = openTraining(artifact(name));
    const given = file === undefined ? namesOf(corpus, by) : namesOfFile(corpus, file);
    const what = file === undefined ? by : 'label';
    if (file === undefined && by === 'speaker' && !given.some(Boolean))
      throw new UserError(
        `The speakers of ${corpus.dir} are not known, and labels are their speakers. ` +
          'Build the corpus with known speakers (voxloop corpus dir --speaker), or cluster it for pseudo-labels.',
      );
    const { labels, speakers, leftOut } = knownLabels(given, { share, least, seed });
    if (speakers < 2)
      throw new UserError(
        `${speakers} of ${speakers + leftOut} ${what}s have ${least} utterances or more; two are needed to tell ${what}s apart. ` +
          (speakers + leftOut < 2 ? `Give a corpus whose ${what}s are known.` : 'Lower least.'),
      );
    writeNpy(join(dir, 'labels.npy'), [labels.length], labels);
    const labelled = labels.filter((label) => label >= 0).length;
    const unknown = given.filter((label) => !label).length;
    log(
      `${labelled} of ${labels.length} utterances labelled, of ${speakers} ${what}s` +
        (leftOut > 0 ? `; ${leftOut} ${what}s have fewer than ${least} utterances and are left out` : '') +
        (unknown > 0 ? `; ${unknown} utterances of unknown ${what}s have no label` : ''),
    );
    // Right by definition: there is no agreement with the speakers to measure.
    return { clusters: speakers, labelled, leftOut, nmi: null, purity: null };
  },
});

/** What the manifest says of each training utterance; '' where it is unknown. */
function namesOf({ manifest, train, trainSpeakers }: TrainingData, by: z.output<typeof options>['by']): string[] {
  if (by === 'speaker') return trainSpeakers;
  if (by === 'utterance') return train.ids;
  const known = new Map(manifest.utterances.map((utterance) => [utterance.id, utterance[by] ?? '']));
  return train.ids.map((id) => known.get(id) ?? '');
}

/**
 * What a file says of each training utterance; '' where it says nothing.
 * @throws UserError for a broken line, and for utterances that are not in the corpus
 */
function namesOfFile({ manifest, train, dir }: TrainingData, file: string): string[] {
  declareInputs([file]);
  const inCorpus = new Set(manifest.utterances.map(({ id }) => id));
  const known = new Map<string, string>();
  let number = 0;
  for (const line of readLines(file)) {
    number++;
    if (line.trim() === '') continue;
    const [utterance, label, ...more] = line.trim().split(/\s+/);
    if (label === undefined || more.length > 0)
      throw new UserError(`${file}:${number}: expected "UTTERANCE LABEL", got ${JSON.stringify(line)}.`);
    if (!inCorpus.has(utterance))
      throw new UserError(
        `${file}:${number}: '${utterance}' is not in the corpus ${dir}, whose names are like '${train.ids[0]}'. Correct the name, or take ` +
          'the line out.',
      );
    known.set(utterance, label);
  }
  return train.ids.map((id) => known.get(id) ?? '');
}
