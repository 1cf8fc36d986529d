import type { Batch } from '../../data/crops/loader.js';
import { marginShare } from '../../train/classifier/margin-schedule.js';
import type { Distiller } from '../../train/distill/distiller.js';
import type { LabelledSamples } from '../../train/finetuner.js';
import type { OpenObjectives } from '../objectives/open-objectives.js';
import { progressOf } from '../objectives/progress.js';
import type { CropTraining } from '../training/train-on-crops.js';
import type { DistillOptions } from './options.js';
import type { StoredOutputs } from './stored.js';

/** One update of the student on a batch, with what is known of its utterances. */
export const studentStep =
  (
    { margin }: DistillOptions,
    {
      distiller,
      objectives,
      outputs,
      classified,
      labelsOf,
    }: {
      distiller: Distiller;
      objectives: OpenObjectives;
      outputs?: StoredOutputs;
      classified: boolean;
      labelsOf(batch: Batch): Pick<LabelledSamples, 'labels' | 'speed'>;
    },
  ): CropTraining['step'] =>
  async (batch, { step, steps, epoch }, rate) => {
    const samples = labelsOf(batch);
    const known = classified ? samples : { speed: samples.speed };
    const { beside, release } = await objectives.samples(batch);
    const metrics = await distiller.step(
      batch,
      { ...known, outputs: outputs?.read(batch.utterances), beside },
      { step, rate, margin: marginShare(margin, epoch), ...progressOf(objectives, step / steps) },
    );
    release();
    return metrics;
  };
