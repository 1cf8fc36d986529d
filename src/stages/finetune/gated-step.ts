import type { Batch } from '../../data/crops/loader.js';
import { marginShare } from '../../train/classifier/margin-schedule.js';
import type { Finetuner, LabelledSamples } from '../../train/finetuner.js';
import type { Gate } from '../../train/gate/open-gate.js';
import type { OpenObjectives } from '../objectives/open-objectives.js';
import { progressOf } from '../objectives/progress.js';
import type { CropTraining } from '../training/train-on-crops.js';
import type { FinetuneOptions } from './options.js';

/** What a step of a training on labels works with. */
interface StepParts {
  trainer: Finetuner;
  gate: Gate;
  speakers: number;
  objectives: OpenObjectives;
  labelsOf(batch: Batch): Pick<LabelledSamples, 'labels' | 'speed'>;
}

/** One update on a batch: the gate's setting, the trainer's step, and a note of each sample's loss and decision. */
export const gatedStep =
  (options: FinetuneOptions, { trainer, gate, speakers, objectives, labelsOf }: StepParts): CropTraining['step'] =>
  async (batch, { step, steps, epoch }, rate) => {
    const setting = gate.at(batch.epoch);
    const { beside, release } = await objectives.samples(batch);
    const { metrics, losses, decisions } = await trainer.step(
      batch,
      { ...labelsOf(batch), history: gate.history(batch.utterances), beside },
      {
        step,
        rate,
        margin: marginShare(options.margin, epoch),
        ...setting,
        ...thawedAt(options, epoch),
        ...progressOf(objectives, step / steps),
      },
    );
    release();
    // A speaker at another speed is still that speaker.
    const spoken = decisions.map((decision) => (decision < 0 ? decision : decision % speakers));
    gate.record(batch.utterances, losses, spoken);
    return Number.isFinite(setting.gate) ? { ...metrics, gate: setting.gate } : metrics;
  };

/** 1 when parts that are frozen for a time learn, 0 before; nothing where none are. */
export function thawedAt({ freeze }: FinetuneOptions, epoch: number): { thawed?: number } {
  return freeze?.untilEpoch === undefined ? {} : { thawed: epoch >= freeze.untilEpoch ? 1 : 0 };
}
