import { drawPartner, groupsOfLabels } from '../../data/crops/crop-sources.js';
import type { CropPlan } from '../../data/crops/crops.js';
import type { ShardSet } from '../../data/shards/shards.js';
import { withSession } from '../../engine/session/with-session.js';
import { float32, type HostTensor } from '../../host-tensor.js';
import type { StageContext } from '../../plugin/stage.js';
import { createRng } from '../../random.js';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';
import type { VoicePairing } from '../../target-voice/pairing.js';
import type { VoiceMaskShape } from '../../target-voice/shape.js';
import { createVoiceMaskTrainer, type VoiceMaskTrainer } from '../../target-voice/trainer.js';
import { createAveraging } from '../../train/averaging/averaging.js';
import { silentCrops } from '../../train/check-memory.js';
import { cropTensor } from '../../train/step/micro-batches.js';
import { meanMetrics } from '../../train/step/training-step.js';
import { trainOnCrops } from '../training/train-on-crops.js';
import { cropSamples } from '../training/training-options.js';
import type { Voices } from './enrolments.js';
import type { ExtractTargetOptions } from './options.js';

/** What a mask network is trained on. */
export interface MaskTraining {
  shards: ShardSet;
  pairing: VoicePairing;
  voices: Voices;
  shape: VoiceMaskShape;
}

/** A trained network's weights, as an extractor keeps them. */
export interface TrainedMask {
  weights: Record<string, HostTensor>;
  steps: number;
  parameters: number;
}

/** Trains the network: every row of a batch is mixed with one of another speaker, and follows another utterance of its own. */
export const trainMask = (
  context: StageContext,
  options: ExtractTargetOptions,
  { shards, pairing, voices, shape }: MaskTraining,
): Promise<TrainedMask> =>
  withSession({ ...context, name: 'extract-target' }, async (session) => {
    const { seed } = context;
    const { optimizer, batchSize, snrDb } = options;
    const { labels, each } = pairing;
    const trainer = createVoiceMaskTrainer({ session, seed, shape, rule: { each, snrDb }, optimizer });
    const samples = cropSamples(options.cropSeconds, SAMPLE_RATE_HZ);
    const plan: CropPlan = { count: { global: 1, local: 0 }, samples: { global: samples, local: samples } };
    const groups = groupsOfLabels(labels);
    const { steps } = await trainOnCrops(
      session,
      context,
      { ...options, accumulate: 1 },
      {
        network: 'the mask of a voice',
        shards,
        plan,
        rule: { kind: 'by-speaker', labels, utterancesPerSpeaker: each },
        calls: callsOf(trainer, plan, shape),
        average: createAveraging(session, []),
        states: [],
        async step({ global, utterances }, { step }, rate) {
          const rng = createRng(`${seed}/extract-target`).fork('enrolments').fork(step);
          const drawn = Array.from(utterances, (utterance) => voices(drawPartner(utterance, groups, rng)!));
          const crops = cropTensor(global, { rows: batchSize, bins: 1 });
          return meanMetrics(await trainer.update.run([{ crops, voices: rowsTensor(drawn) }], { step, rate }));
        },
      },
    );
    return { weights: await trainer.weights(), steps, parameters: trainer.parameters };
  });

/** The compiled calls of an update, on silence. */
const callsOf =
  ({ update }: VoiceMaskTrainer, plan: CropPlan, { embeddingSize }: VoiceMaskShape) =>
  (batchSize: number) => {
    const { global } = silentCrops(plan, batchSize);
    const voices = float32(new Float32Array(batchSize * embeddingSize), [batchSize, embeddingSize]);
    return update.functions([{ crops: cropTensor(global, { rows: batchSize, bins: 1 }), voices }], {
      step: 0,
      rate: 0,
    });
  };

/** Vectors of one length as the rows of a matrix. */
function rowsTensor(rows: readonly Float32Array[]): HostTensor {
  const size = rows[0].length;
  const all = new Float32Array(rows.length * size);
  rows.forEach((row, i) => {
    all.set(row, i * size);
  });
  return float32(all, [rows.length, size]);
}
