import { join } from 'node:path';
import { sourceStamp } from '../../data/corpus/source-stamp.js';
import { createSampler, labelled, labelsOf } from '../../data/crops/sampler.js';
import { readNamedVectors, refuseForeignNames } from '../../data/named-vectors.js';
import type { Session } from '../../engine/session/session.js';
import { checkLibrary, withSession } from '../../engine/session/with-session.js';
import { UserError } from '../../errors.js';
import { meanEmbedding } from '../../eval/cosine-scoring.js';
import { writeFileAtomic } from '../../io/atomic.js';
import { writeNpy } from '../../io/npy.js';
import { learningRate } from '../../optim/schedule.js';
import { defineStage } from '../../plugin/define.js';
import type { StageContext } from '../../plugin/stage.js';
import { rowsOf } from '../../rows.js';
import { loadCheckpoint, saveCheckpoint } from '../../train/checkpoint.js';
import { createFuser, type FusedRows, type Fuser } from '../../train/fusion/fuser.js';
import { trainLoop } from '../../train/train-loop.js';
import { openTraining, openTrialLists, type TestList, type TrainingData } from '../artifacts/corpus-data.js';
import { readEmbeddings } from '../artifacts/embeddings-data.js';
import { readLabels } from '../artifacts/pseudo-labels.js';
import { classifierParts } from '../distill/networks.js';
import { stepsOf } from '../training/training-options.js';
import { type FuseFigures, type FuseOptions, fuseOptions, fuseResult } from './options.js';
import { centring, fusionRows, takeFusionRows } from './rows.js';
import { fusedMean, scoreList } from './score-list.js';

/**
 * Fuses the embeddings of voices with those of faces: learns an attention over both, writes fused embeddings as a stage embed does, and scores
 * the trial lists by voice, face, the mean of both scores and the fused embedding.
 */
export default defineStage({
  name: 'fuse',
  summary: 'Fuses embeddings of voices and of faces, by scores and by a learned attention over both.',
  options: fuseOptions,
  result: fuseResult,
  produces: 'embeddings',
  sources: ({ faces }) => sourceStamp([faces]),
  check: (context, { steps, epochs }) => [
    ...checkLibrary(context),
    ...((steps === undefined) === (epochs === undefined) ? ['steps, epochs: give one of them.'] : []),
  ],
  run: (context, options) => withSession({ ...context, name: 'fuse' }, (session) => fuse(session, context, options)),
});

async function fuse(session: Session, context: StageContext, options: FuseOptions) {
  const { corpus, embeddings, faces: path, size } = options;
  const data = openTraining(context.artifact(corpus));
  const lists = openTrialLists(context.artifact(corpus), data.manifest);
  const faces = readNamedVectors(path);
  refuseForeignNames(path, faces, data.train.ids);
  const voices = readEmbeddings(context.artifact(embeddings), 'train');
  const known = Array.from(data.train.ids, (id) => faces.vectorOf(id)).filter((face) => face !== undefined);
  const centre = {
    voice: centring(meanEmbedding(rowsOf(voices.vectors, voices.size))),
    face: centring(meanEmbedding(known)),
  };
  const rowsOfPart = (ids: readonly string[], vectors: Float32Array): FusedRows =>
    fusionRows(ids, { vectors, size: voices.size }, faces, centre);
  const rows = rowsOfPart(data.train.ids, voices.vectors);
  context.log(
    `faces: ${known.length} of ${data.train.ids.length} training utterances have one; the others are known by their voice`,
  );

  const labels = labelsFor(context, options, data);
  const sizes = { voice: voices.size, face: faces.size, fused: size };
  const { fuser, steps } = await learnFusion(session, context, options, { rows, labels, sizes });
  const save = (name: string, vectors: Float32Array) =>
    writeNpy(join(context.dir, `${name}.npy`), [vectors.length / size, size], vectors);
  const train = await fuser.fuse(rows);
  save('train', train.vectors);
  // Beside names, another recipe's student can learn from them.
  writeFileAtomic(join(context.dir, 'train.tsv'), `name\n${data.train.ids.map((id) => `${id}\n`).join('')}`);
  const mean = fusedMean(train.vectors, size);
  const figures: Record<string, FuseFigures> = {};
  for (const list of lists) {
    const part = rowsOfPart(idsOf(list), readEmbeddings(context.artifact(embeddings), list.name).vectors);
    const fused = await fuser.fuse(part);
    save(list.name, fused.vectors);
    figures[list.name] = scoreList(list, { rows: part, fused, fusedMean: mean, faceWeight: options.faceWeight });
    context.log(describe(list.name, figures[list.name]));
  }
  return {
    network: 'fused',
    origin: 'voices and faces',
    embeddingSize: size,
    steps,
    training: { utterances: data.train.ids.length, faces: known.length },
    lists: figures,
  };
}

/** The utterances of a list, and its models, which nobody has a face of. */
const idsOf = ({ shards, models }: TestList): string[] => shards.ids.concat(models.map(({ name }) => `model ${name}`));

/** A label for each training utterance, -1 for none. @throws UserError where there are fewer than two speakers */
function labelsFor(
  { artifact }: StageContext,
  { clusters }: FuseOptions,
  { train, trainSpeakers }: TrainingData,
): Int32Array {
  const names = Array.from(new Set(trainSpeakers)).filter((name) => name !== '');
  const labels =
    clusters === undefined
      ? Int32Array.from(trainSpeakers, (name) => names.indexOf(name))
      : readLabels(artifact(clusters), train.ids.length);
  const count = new Set(labels.filter((label) => label >= 0)).size;
  if (count < 2)
    throw new UserError(
      `A fusion is learned from labels of at least two speakers, and there ${count === 1 ? 'is one' : 'are none'}. Give a corpus with known ` +
        'speakers, or `clusters`.',
    );
  return labels;
}

/** What a fusion is learned from. */
interface Learned {
  rows: FusedRows;
  labels: Int32Array;
  sizes: { voice: number; face: number; fused: number };
}

async function learnFusion(
  session: Session,
  { dir, seed, registry, resume, log, progress, signal }: StageContext,
  options: FuseOptions,
  { rows, labels, sizes }: Learned,
): Promise<{ fuser: Fuser; steps: number }> {
  const { dropFaces, optimizer, rate, checkpointSeconds } = options;
  const classes = labels.reduce((most, label) => Math.max(most, label + 1), 0);
  const classifier = await classifierParts(registry, options.loss, classes);
  const fuser = createFuser({ session, seed, sizes, classifier, dropFaces, optimizer });
  const subset = labelled(labels);
  const batchSize = Math.min(options.batchSize, subset.length);
  const sampler = createSampler({ count: labels.length, batchSize, seed: `${seed}/fuse`, subset });
  const steps = stepsOf(options, sampler.batchesPerEpoch);
  const checkpoint = join(dir, 'checkpoint.safetensors');
  const resumed = resume ? await loadCheckpoint(session, checkpoint, log) : null;
  await trainLoop(
    {
      run(step) {
        const { utterances } = sampler.batchAt(step);
        const values = { step, rate: learningRate(rate, step, steps) };
        return fuser.step(takeFusionRows(rows, utterances), labelsOf(labels, utterances), values);
      },
      save: (step) => saveCheckpoint(session, checkpoint, step),
    },
    {
      startStep: resumed?.step ?? 0,
      steps,
      checkpointSeconds,
      metricsPath: join(dir, 'metrics.jsonl'),
      progress,
      signal,
    },
  );
  return { fuser, steps };
}

function describe(name: string, { trials, withFaces, voice, face, scores, fused }: FuseFigures): string {
  const percent = (eer: number | null) => (eer === null ? '-' : `${(100 * eer).toFixed(1)} %`);
  return (
    `${name}: EER by voice ${percent(voice)}, by face ${percent(face)} (${withFaces} of ${trials} trials have one), ` +
    `by both scores ${percent(scores)}, by the fused embedding ${percent(fused)}`
  );
}
