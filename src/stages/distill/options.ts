import { z } from 'zod';
import { featureDefinition } from '../../audio/features/features.js';
import { artifact, pluginChoice } from '../../plugin/options.js';
import { averageOptions } from '../../train/averaging/averaging.js';
import { marginScheduleOptions } from '../../train/classifier/margin-schedule.js';
import { samplingOptions } from '../finetune/options.js';
import { objectiveStageOptions } from '../objectives/options.js';
import { quantizeOption } from '../training/bits.js';
import { speedsOption, trainingOptions } from '../training/training-options.js';

const layer = z.string().min(1);

const level = z.strictObject({
  student: layer
    .optional()
    .describe(
      "the student's layer: `frames` (what is pooled), `pooled`, `embedding` (default), or one that its backbone names, such as frame3",
    ),
  teacher: z
    .union([layer, z.array(layer).min(1)])
    .optional()
    .describe(
      "the teachers' layer (default `embedding`), or several, which are put side by side, each at length 1; where the student's is one " +
        'vector an utterance, layers of frames are averaged over time',
    ),
  loss: pluginChoice('distillation', 'cosine'),
  weight: z.number().positive().default(1).describe('factor on its loss in the sum'),
  projection: z
    .enum(['auto', 'always', 'never'])
    .optional()
    .describe(
      "a learned linear map from the student's layer to the target, dropped after training; default auto: where sizes differ",
    ),
});

export const distillOptions = z.strictObject({
  corpus: artifact('corpus'),
  teachers: z
    .array(artifact('model'))
    .default([])
    .describe('networks to learn from; they do not change; one at least, or `vectors`'),
  vectors: z
    .string()
    .optional()
    .describe(
      'in the place of teachers, a file of one vector an utterance, by its id, such as face embeddings: .npy with names in a .tsv beside it, .scp ' +
        'or .ark; utterances without one are left out of training',
    ),
  combine: z
    .enum(['concatenate', 'average'])
    .optional()
    .describe("several teachers' outputs, each at length 1, side by side (default), or their mean"),
  teacherHears: z
    .enum(['clean', 'same'])
    .default('clean')
    .describe('clean: the crop without augmentation, in features of its own; same: the features that the student sees'),
  stored: artifact('outputs')
    .optional()
    .describe(
      'outputs of the stage teacher-outputs: the student learns from its crop what the teachers gave for the whole utterance, and they do not run ' +
        'beside it',
    ),
  init: artifact('model').optional().describe('network to start from; its backbone and features are kept'),
  backbone: pluginChoice('backbone').optional().describe('network to train from scratch, instead of `init`'),
  features: featureDefinition
    .optional()
    .describe("from scratch: the features; default: those that the corpus holds, or the first teacher's"),
  levels: z
    .array(level)
    .min(1)
    .prefault([{ loss: 'cosine' }])
    .describe('what is compared with the teachers; the losses are added'),
  clusters: artifact('clusters')
    .optional()
    .describe('labels of a labels or cluster stage; the classification loss on them is added'),
  loss: pluginChoice('loss')
    .prefault('aam-softmax')
    .describe('classification loss, where there are labels or class scores are compared'),
  labelWeight: z.number().positive().optional().describe('factor on the classification loss; default 1'),
  margin: marginScheduleOptions
    .optional()
    .describe("rise of the classification loss's margin; without it the whole margin applies from the start"),
  cropSeconds: z.number().positive().default(3),
  speeds: speedsOption
    .default([1])
    .describe('each utterance is played at one of these speeds, and a speaker at another speed is another class'),
  sampling: samplingOptions.prefault({}).describe('composition of batches'),
  ...objectiveStageOptions,
  quantize: quantizeOption,
  average: averageOptions,
  ...trainingOptions,
});

export type DistillOptions = z.output<typeof distillOptions>;
/** A level as the recipe has it. */
export type LevelOptions = DistillOptions['levels'][number];
