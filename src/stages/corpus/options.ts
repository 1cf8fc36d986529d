import { z } from 'zod';
import { featureDefinition } from '../../audio/features/features.js';
import { refuseIdle } from '../../idle-options.js';

/** Those whose audio goes straight into shards. */
export const SHARDED = [
  'voxceleb1',
  'voxceleb2',
  'cnceleb',
  'librispeech',
  'kaldi',
  'tar',
  'folders',
  'nemo',
  'lhotse',
  'parquet',
] as const;

/** Those that are lists of utterances by name. */
const LISTED = ['kaldi', 'nemo', 'lhotse', 'parquet'] as const;

const speakerPart = z
  .number()
  .int()
  .nonnegative()
  .optional()
  .describe('number of the path component, below the folder, that names the speaker; default: speakers are unknown');
const folder = z.union([
  z.string(),
  z.strictObject({ path: z.string().describe('below the root, or absolute'), speakerPart }),
]);

export const fields = z.strictObject({
  source: z
    .enum(['auto', 'debian', 'synthetic', 'dir', 'ready', ...SHARDED])
    .default('auto')
    .describe("auto: 'debian' where apt exists, else 'synthetic'; ready: a folder made by `voxloop corpus`"),
  path: z
    .string()
    .optional()
    .describe(
      'ready: the corpus folder; folders: their root; nemo, lhotse: the manifest; parquet: a file or a folder of them; ' +
        'else the folder of recordings, laid out as it was published',
    ),
  folders: z
    .array(folder)
    .min(1)
    .optional()
    .describe(
      'folders: where the recordings lie, below the root; a corpus made by voxloop keeps its split and speakers',
    ),
  testPath: z
    .string()
    .optional()
    .describe('voxceleb1, voxceleb2, kaldi, nemo, lhotse, parquet: the folder or list of the test recordings'),
  secondPath: z.string().optional().describe('cnceleb: the folder of CN-Celeb2'),
  trials: z
    .array(z.string())
    .min(1)
    .optional()
    .describe('voxceleb1, voxceleb2, kaldi, nemo, lhotse, parquet, folders: files of trial lists'),
  tests: z
    .string()
    .optional()
    .describe('folders: a file of folders that are heard in tests only, a path from the root on each line'),
  skipMissing: z
    .boolean()
    .optional()
    .describe('folders: goes on without those, and without trial lists, that are not there; default false'),
  enrolments: z
    .string()
    .optional()
    .describe('kaldi, nemo, lhotse, parquet: a file of models and the utterances that enrol them'),
  features: featureDefinition
    .optional()
    .describe('kaldi: the utterances are the features of feats.scp, which were computed with these options'),
  allowPipes: z.boolean().optional().describe('kaldi: lets the commands in wav.scp run; default false'),
  minSeconds: z
    .number()
    .nonnegative()
    .optional()
    .describe('official corpora, folders: leave out training recordings that are shorter'),
  speakerField: z
    .string()
    .optional()
    .describe(
      'nemo, parquet: the field or column that names the speaker; default: the first of speaker, speaker_id and label (nemo) or client_id (parquet)',
    ),
  audioField: z
    .string()
    .optional()
    .describe('parquet: the column of the audio; default: audio, or the only one with bytes in it'),
  speakerPart: z
    .number()
    .int()
    .nonnegative()
    .optional()
    .describe('dir: number of the path component that names the speaker'),
  testSpeakers: z.number().int().positive().optional().describe('dir, synthetic: speakers kept for trials'),
  speakers: z.number().int().positive().optional().describe('synthetic: number of voices'),
  utterances: z.number().int().positive().optional().describe('synthetic: utterances of each voice'),
});
/** The options of the corpus stage. */
export type CorpusOptions = z.output<typeof fields>;

/** The sources that read an option; `auto` may become `synthetic`. */
const READ_BY: Partial<Record<keyof CorpusOptions, readonly CorpusOptions['source'][]>> = {
  path: ['ready', 'dir', ...SHARDED],
  testPath: ['voxceleb1', 'voxceleb2', ...LISTED],
  secondPath: ['cnceleb'],
  folders: ['folders'],
  trials: ['voxceleb1', 'voxceleb2', 'folders', ...LISTED],
  tests: ['folders'],
  skipMissing: ['folders'],
  enrolments: LISTED,
  speakerField: ['nemo', 'parquet'],
  audioField: ['parquet'],
  allowPipes: ['kaldi'],
  features: ['kaldi'],
  minSeconds: SHARDED,
  speakerPart: ['dir'],
  testSpeakers: ['dir', 'synthetic', 'auto'],
  speakers: ['synthetic', 'auto'],
  utterances: ['synthetic', 'auto'],
};

/** They are refused where the source does not read them. */
export const options = fields.superRefine(
  refuseIdle((chosen) =>
    (Object.keys(READ_BY) as (keyof CorpusOptions)[]).map((option) => {
      const idle = chosen[option] !== undefined && !READ_BY[option]!.includes(chosen.source);
      return [idle, option, `has no effect with source: ${chosen.source}; it is for ${READ_BY[option]!.join(', ')}`];
    }),
  ),
);
