import { join } from 'node:path';
import { z } from 'zod';
import { featureDefinition } from '../audio/features/features.js';
import type { CropPlan } from '../data/crops/crops.js';
import { OVERLAP_FILE, writeOverlapDetector } from '../diarize/overlap/detector-file.js';
import { createOverlapTrainer, type OverlapTrainer } from '../diarize/overlap/trainer.js';
import type { Session } from '../engine/session/session.js';
import { checkLibrary, withSession } from '../engine/session/with-session.js';
import { UserError } from '../errors.js';
import { defineStage } from '../plugin/define.js';
import { faultsWhere } from '../plugin/faults.js';
import { artifact } from '../plugin/options.js';
import type { StageContext } from '../plugin/stage.js';
import { createAveraging } from '../train/averaging/averaging.js';
import { silentCrops } from '../train/check-memory.js';
import { cropTensor } from '../train/step/micro-batches.js';
import { meanMetrics } from '../train/step/training-step.js';
import { openTraining } from './artifacts/corpus-data.js';
import { cropView } from './training/resolve-plugins.js';
import { trainOnCrops } from './training/train-on-crops.js';
import { cropSamples, trainingOptions } from './training/training-options.js';

const { accumulate: _, compute: __, tf32: ___, ...shared } = trainingOptions;
const options = z.strictObject({
  corpus: artifact('corpus').describe('recordings of one speaker each; no label is used'),
  width: z.number().int().positive().default(64).describe('channels of its layers'),
  features: featureDefinition.prefault({ bins: 40 }),
  cropSeconds: z.number().min(1).default(3),
  ...shared,
});
type Options = z.output<typeof options>;

const result = z.object({
  /** The detector's file. */
  file: z.string(),
  steps: z.number(),
  parameters: z.number(),
});

/** Trains a detector of overlapping speech on mixtures of training utterances. */
export default defineStage({
  name: 'overlap',
  summary: 'Learns to hear where two people speak at once, from mixtures of training utterances, without a label.',
  options,
  result,
  check: (context, { steps, epochs, features }) => [
    ...checkLibrary(context),
    ...((steps === undefined) === (epochs === undefined) ? ['steps, epochs: give one of them.'] : []),
    ...featureFaults(features),
  ],
  run: (context, chosen) =>
    withSession({ ...context, name: 'overlap' }, (session) => trainDetector(session, context, chosen)),
});

/** Labels of mixtures, and the times that a detector tells, are those of the usual frames; it subtracts the means by itself. */
const featureFaults = ({ frameLengthMs, frameShiftMs, cmn, frontEnd }: Options['features']): string[] =>
  faultsWhere([
    [
      frameLengthMs !== 25 || frameShiftMs !== 10,
      () =>
        `features: a detector hears frames of 25 ms every 10 ms, not of ${frameLengthMs} ms every ${frameShiftMs} ms. Leave ` +
        'frameLengthMs and frameShiftMs out.',
    ],
    [!cmn, () => 'features.cmn: a detector hears energies about their means. Leave cmn out.'],
    [frontEnd !== undefined, () => "features.frontEnd: a detector hears Kaldi's log energies. Leave frontEnd out."],
  ]);

async function trainDetector(
  session: Session,
  context: StageContext,
  chosen: Options,
): Promise<z.output<typeof result>> {
  const { train } = openTraining(context.artifact(chosen.corpus));
  if (train.features)
    throw new UserError(
      'The corpus holds stored features, and mixtures are made of samples. Name a corpus of recordings.',
    );
  const { features, width, optimizer, cropSeconds } = chosen;
  const view = await cropView(context, chosen);
  const trainer = createOverlapTrainer({ session, seed: context.seed, width, view, optimizer });
  const samples = cropSamples(cropSeconds, features.sampleRateHz);
  const plan: CropPlan = { count: { global: 1, local: 0 }, samples: { global: samples, local: samples } };
  const { steps } = await trainOnCrops(
    session,
    context,
    { ...chosen, accumulate: 1 },
    {
      network: 'the overlap detector',
      shards: train,
      plan,
      calls: callsOf(trainer, plan),
      average: createAveraging(session, []),
      states: [],
      async step({ global }, { step }, rate) {
        const crops = cropTensor(global, { rows: chosen.batchSize, bins: features.bins });
        return meanMetrics(await trainer.update.run([{ crops }], { step, rate }));
      },
    },
  );
  const file = join(context.dir, OVERLAP_FILE);
  writeOverlapDetector(file, { features, width }, await trainer.weights());
  return { file: OVERLAP_FILE, steps, parameters: trainer.parameters };
}

/** The compiled calls of an update, on silence. */
const callsOf =
  ({ update }: OverlapTrainer, plan: CropPlan) =>
  (batchSize: number) => {
    const { global } = silentCrops(plan, batchSize);
    return update.functions([{ crops: cropTensor(global, { rows: batchSize, bins: 1 }) }], { step: 0, rate: 0 });
  };
