import { join } from 'node:path';
import { z } from 'zod';
import { type FeatureDefinition, featureDefinition } from '../../audio/features/features.js';
import { kmeans } from '../../cluster/kmeans/kmeans.js';
import { MOST_CLASSES, NONE, writeFrameLabels } from '../../data/frame-labels/frame-labels.js';
import type { ShardSet } from '../../data/shards/shards.js';
import { loadWeights } from '../../embed/extract.js';
import type { Session } from '../../engine/session/session.js';
import { checkLibrary, withSession } from '../../engine/session/with-session.js';
import { type Tensor, tf } from '../../engine/tf.js';
import { UserError } from '../../errors.js';
import { float32 } from '../../host-tensor.js';
import { writeNpy } from '../../io/npy.js';
import { createScope } from '../../nn/scope.js';
import { layerOutputs } from '../../nn/taps.js';
import { defineStage } from '../../plugin/define.js';
import { faultsWhere } from '../../plugin/faults.js';
import { artifact } from '../../plugin/options.js';
import type { StageContext } from '../../plugin/stage.js';
import { didYouMeanOrKnown } from '../../plugin/suggest.js';
import { createRng } from '../../random.js';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';
import { openTraining } from '../artifacts/corpus-data.js';
import { openModelArtifact } from '../artifacts/model-artifact.js';
import { digestOfUtterances } from '../teacher-outputs/outputs-result.js';
import { modelBuilder } from '../training/resolve-plugins.js';
import { checkSameFeatures } from '../training/stored-features.js';
import { FRAME_LABELS, frameLabelsResult } from './frame-labels-artifact.js';
import { type FrameSource, type FrameTimes, walkFrames } from './walk-frames.js';

const options = z.strictObject({
  corpus: artifact('corpus'),
  model: artifact('model').optional().describe('network whose layer is clustered; default: the features themselves'),
  layer: z.string().min(1).optional().describe('layer of frames of that network; default `frames`, what is pooled'),
  features: featureDefinition
    .optional()
    .describe('without a model: the features; default: those that the corpus holds, or the usual ones'),
  units: z.number().int().min(2).max(MOST_CLASSES).default(100).describe('number of units: clusters of frames'),
  sampleFrames: z
    .number()
    .int()
    .positive()
    .default(100_000)
    .describe('frames, drawn by seed, that k-means learns from'),
  iterations: z.number().int().positive().default(30).describe('the most iterations of k-means'),
});
type UnitOptions = z.output<typeof options>;

/**
 * Labels every frame with the nearest of so many centres, as HuBERT's targets are made (Hsu et al., "HuBERT: Self-Supervised Speech
 * Representation Learning by Masked Prediction of Hidden Units", 2021, arXiv:2106.07447). centers.npy [units, size] is written beside.
 */
export default defineStage({
  name: 'units',
  summary: "Labels frames with k-means units of features or of a network's layer, without a recogniser.",
  options,
  result: frameLabelsResult,
  produces: FRAME_LABELS,
  check: (context, { model, layer, features }) => [
    ...checkLibrary(context),
    ...faultsWhere([
      [model === undefined && layer !== undefined, () => 'layer: it is one of a `model`. Give it, or leave layer out.'],
      [model !== undefined && features !== undefined, () => "features: the model's are used. Leave them out."],
    ]),
  ],
  async run(context, chosen) {
    const { train } = openTraining(context.artifact(chosen.corpus));
    const points = await withSource(context, chosen, train, (session, source) =>
      sampledFrames(session, context, chosen, { train, source }),
    );
    const rows = points.vectors.length / points.size;
    const { centers } = await withSession({ ...context, name: 'units' }, (session) =>
      kmeans(session, {
        points: points.vectors,
        rows,
        size: points.size,
        clusters: chosen.units,
        metric: 'l2',
        seed: context.seed,
        iterations: chosen.iterations,
        restarts: 1,
        log: context.log,
        signal: context.signal,
      }),
    );
    const { times, labels } = await withSource(context, chosen, train, (session, source) =>
      nearestCenters(session, context, { train, source, centers: centers!, size: points.size }),
    );
    writeNpy(join(context.dir, 'centers.npy'), [chosen.units, points.size], centers!);
    const names = Array.from({ length: chosen.units }, (_, unit) => String(unit));
    const labelling = { kind: 'class' as const, names, shiftMs: times.periodMs, offsetMs: times.offsetMs };
    await writeFrameLabels(context.dir, labelling, labels);
    context.log(
      `${chosen.units} units of ${rows} frames of ${points.size} numbers, a label every ${times.periodMs} ms`,
    );
    return { ...labelling, utterances: train.ids.length, corpus: digestOfUtterances(train), labelled: 1 };
  },
});

/** Opens a session with what turns recordings into vectors of frames. */
async function withSource<T>(
  context: StageContext,
  chosen: UnitOptions,
  train: ShardSet,
  use: (session: Session, source: FrameSource) => Promise<T>,
): Promise<T> {
  const { model: name, layer = 'frames' } = chosen;
  return withSession({ ...context, name: 'units' }, async (session) => {
    if (name === undefined)
      return use(session, { features: ownFeatures(chosen, train), frames: (features) => features });
    const model = openModelArtifact(context.artifact(name));
    const { features, hearing } = model.info;
    if (train.features) checkSameFeatures(train.features, features);
    const scope = createScope(session, 'model', 0);
    const network = (await modelBuilder(context.registry, model.info))(scope);
    const { layers = {} } = network;
    const frameLayers = Object.keys(layers).filter((key) => layers[key].of === 'frames');
    if (!frameLayers.includes(layer))
      throw new UserError(
        `layer: '${name}' has no layer of frames '${layer}'${didYouMeanOrKnown(layer, frameLayers)}.`,
      );
    await loadWeights(session, scope, model);
    const frames: FrameSource['frames'] = (x, pass) => layerOutputs(network, x, pass).get(layer)!;
    return use(session, { features, hearing, frames });
  });
}

function ownFeatures({ features }: UnitOptions, train: ShardSet): FeatureDefinition {
  if (train.features && features) checkSameFeatures(train.features, features);
  return features ?? train.features ?? featureDefinition.parse({});
}

/** Frames drawn by seed, each with the same probability. // vectors [frames, size] */
async function sampledFrames(
  session: Session,
  { seed, progress, signal }: StageContext,
  { sampleFrames, units }: UnitOptions,
  { train, source }: { train: ShardSet; source: FrameSource },
): Promise<{ vectors: Float32Array; size: number }> {
  const { frameShiftMs } = source.features;
  const all = train.samples.reduce((sum, samples) => sum + (1000 * samples) / SAMPLE_RATE_HZ / frameShiftMs, 0);
  // At least twice the units: drawing is by chance, and a layer may have fewer frames than the features.
  const share = Math.min(1, Math.max(sampleFrames, 2 * units) / all);
  const drawn: Float32Array[] = [];
  let size = 0;
  await walkFrames(session, train, source, {
    of: (vectors) => vectors,
    signal,
    progress: (step, total) => progress.update({ step, total, fields: { part: 'frames to learn from' } }),
    visit({ stretch, values, frames }) {
      if (frames === 0) return;
      size = values.length / frames;
      const rng = createRng(`${seed}/units`).fork(stretch.utterance).fork(stretch.start);
      for (let frame = 0; frame < frames; frame++)
        if (rng.next() < share) drawn.push(Float32Array.from(values.slice(frame * size, (frame + 1) * size), Number));
    },
  });
  if (drawn.length < units)
    throw new UserError(
      `units: ${units} of ${drawn.length} frames cannot be told apart. Ask for fewer units, or for more sampleFrames.`,
    );
  const vectors = new Float32Array(drawn.length * size);
  drawn.forEach((row, i) => {
    vectors.set(row, i * size);
  });
  return { vectors, size };
}

/** The nearest centre of every frame of every utterance. */
async function nearestCenters(
  session: Session,
  { progress, signal }: StageContext,
  { train, source, centers, size }: { train: ShardSet; source: FrameSource; centers: Float32Array; size: number },
): Promise<{ times: FrameTimes; labels: Int16Array[] }> {
  const found: { utterance: number; start: number; labels: Int16Array }[] = [];
  const times = await walkFrames(session, train, source, {
    inputs: { centers: float32(centers, [centers.length / size, size]) },
    of: (vectors, { centers: known }) => nearest(vectors, known),
    signal,
    progress: (step, total) => progress.update({ step, total, fields: { part: 'labels' } }),
    visit: ({ stretch: { utterance, start }, values }) => {
      found.push({ utterance, start, labels: Int16Array.from(values as Int32Array) });
    },
  });
  const labels = Array.from(train.samples, (samples) => {
    const ms = (1000 * samples) / SAMPLE_RATE_HZ;
    return new Int16Array(Math.max(0, Math.floor((ms - 2 * times.offsetMs) / times.periodMs + 1e-9))).fill(NONE);
  });
  for (const { utterance, start, labels: part } of found) {
    const row = labels[utterance];
    const at = Math.round((1000 * start) / SAMPLE_RATE_HZ / times.periodMs);
    if (at < row.length) row.set(part.subarray(0, row.length - at), at);
  }
  return { times, labels };
}

/** The number of the centre with the least squared distance, for vectors [rows, time, size]: [rows, time, 1] (int32). */
function nearest(vectors: Tensor, centers: Tensor): Tensor {
  const [rows, time, size] = vectors.shape as [number, number, number];
  const products = tf.matMul(tf.reshape(vectors, [-1, size]), centers, false, true);
  const half = tf.div(tf.sum(tf.square(centers), 1), 2);
  return tf.reshape(tf.argMax(tf.sub(products, half), 1), [rows, time, 1]) as Tensor;
}
