import { join } from 'node:path';
import { z } from 'zod';
import { featureDefinition } from '../../src/audio/features/features.js';
import { createExtractor, extractAll } from '../../src/embed/extract.js';
import { withSession } from '../../src/engine/session/with-session.js';
import { fitWhitening, whiten } from '../../src/eval/whitening.js';
import { writeNpy } from '../../src/io/npy.js';
import { timeMoments } from '../../src/nn/pooling.js';
import { defineStage } from '../../src/plugin/define.js';
import { artifact } from '../../src/plugin/options.js';
import type { StageContext } from '../../src/plugin/stage.js';
import { createRng } from '../../src/random.js';
import { rowsOf, unitRows } from '../../src/rows.js';
import { openTraining, type TrainingData } from '../../src/stages/artifacts/corpus-data.js';

const options = z.strictObject({
  corpus: artifact('corpus'),
  kind: z.enum(['random', 'confused']).describe('a wrong label is any other speaker, or the one who sounds most alike'),
  share: z.number().min(0).max(1).default(0.3).describe('of the labels, those that are made wrong'),
  heldOut: z.number().int().positive().default(10).describe('last utterances of each speaker, which get no label'),
});

/** True speakers as clusters, a share of them made wrong by a seed. Labels are numbers of `speakersOf`; held-out utterances get -1. */
export default defineStage({
  name: 'corrupt-labels',
  summary: 'Labels training utterances with their speakers, a share of them wrongly.',
  options,
  produces: 'clusters',
  async run(context, { corpus: name, kind, share, heldOut }) {
    const corpus = openTraining(context.artifact(name));
    const truth = trueLabels(corpus);
    const labels = truth.map((label, i) => (isHeldOut(truth, i, heldOut) ? -1 : label));
    const speakers = speakersOf(corpus).length;
    const rng = createRng(context.seed).fork('corrupt').fork(kind);
    const labelled = Int32Array.from(labels.keys()).filter((i) => labels[i] >= 0);
    const wrong = rng.shuffle(labelled).subarray(0, Math.round(share * labelled.length));
    const alike = kind === 'confused' ? await nearestSpeakers(context, corpus, truth, labels) : undefined;
    for (const i of wrong) {
      // Any speaker but the true one.
      const drawn = Math.floor(rng.next() * (speakers - 1));
      labels[i] = alike ? alike[truth[i]] : drawn + (drawn >= truth[i] ? 1 : 0);
    }
    writeNpy(join(context.dir, 'labels.npy'), [labels.length], labels);
    return { clusters: speakers, labelled: labelled.length, wrong: wrong.length };
  },
});

/** The corpus' speakers in order of their first utterance. */
export const speakersOf = ({ trainSpeakers }: TrainingData): string[] => [...new Set(trainSpeakers)];

/** Number of each training utterance's speaker. // [utterances] */
export function trueLabels(corpus: TrainingData): Int32Array {
  const numbers = new Map(speakersOf(corpus).map((speaker, number) => [speaker, number]));
  return Int32Array.from(corpus.trainSpeakers, (speaker) => numbers.get(speaker)!);
}

/** True for the last `count` utterances of a speaker. */
function isHeldOut(truth: Int32Array, utterance: number, count: number): boolean {
  let later = 0;
  for (let i = utterance + 1; i < truth.length && later < count; i++) if (truth[i] === truth[utterance]) later++;
  return later < count;
}

/** Of each speaker the one who sounds most alike: by the mean of whitened deviations of filterbank bins over labelled utterances. */
async function nearestSpeakers(
  context: StageContext,
  corpus: TrainingData,
  truth: Int32Array,
  labels: Int32Array,
): Promise<Int32Array> {
  const features = featureDefinition.parse({ cmn: true });
  const { bins } = features;
  const vectors = await withSession({ ...context, name: 'voices' }, (session) => {
    const extractor = createExtractor(session, features, bins, (x, pass) => timeMoments(x, pass).deviation);
    return extractAll(corpus.train, extractor, { signal: context.signal });
  });
  const white = whiten(fitWhitening(vectors, truth.length, bins), vectors);
  const means = new Float32Array(speakersOf(corpus).length * bins);
  [...rowsOf(white, bins)].forEach((row, i) => {
    for (let d = 0; labels[i] >= 0 && d < bins; d++) means[truth[i] * bins + d] += row[d];
  });
  const rows = [...rowsOf(unitRows(means, bins), bins)];
  const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, d) => sum + value * b[d], 0);
  return Int32Array.from(rows, (own, i) => {
    const scores = rows.map((other, j) => (i === j ? Number.NEGATIVE_INFINITY : dot(own, other)));
    return scores.indexOf(Math.max(...scores));
  });
}
