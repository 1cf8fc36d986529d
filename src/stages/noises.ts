import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { type NoiseKind, noiseKinds } from '../audio/augment/bank.js';
import { audioExtensions } from '../audio/decode/formats.js';
import { listRecordings } from '../data/corpus/recordings.js';
import { sourceStamp } from '../data/corpus/source-stamp.js';
import { buildNoiseBank } from '../data/noise-bank/build.js';
import { openNoiseBank } from '../data/noise-bank/noise-bank.js';
import type { BankTask } from '../data/noise-bank/task.js';
import { refuseIdle } from '../idle-options.js';
import { defineStage } from '../plugin/define.js';
import { artifact } from '../plugin/options.js';
import { readResult } from '../plugin/read-result.js';
import type { Artifact, StageContext } from '../plugin/stage.js';
import { createRng } from '../random.js';
import { SAMPLE_RATE_HZ } from '../sample-rate.js';
import { openTraining } from './artifacts/corpus-data.js';

/** What is generated where there are no recordings. */
const made = z.strictObject({
  noises: z.number().int().nonnegative().default(120).describe('recordings of generated noise'),
  noiseSeconds: z.number().positive().default(10).describe('length of each'),
  rooms: z.number().int().nonnegative().default(200).describe('simulated rooms (image method)'),
  rt60Seconds: z
    .tuple([z.number().min(0.1), z.number().max(1.5)])
    .refine(([from, to]) => from <= to, 'the first must not be above the second')
    .default([0.2, 0.8])
    .describe('reverberation times of the simulated rooms'),
});

const fields = z.strictObject({
  path: z.string().optional().describe('the bank of an earlier run (its folder `bank`), used as it is'),
  musan: z
    .string()
    .nullish()
    .describe(
      'MUSAN, or any folder with the folders noise, speech and music; null: generated noise and voices of the corpus',
    ),
  rooms: z
    .string()
    .nullish()
    .describe(
      'a folder of room responses, such as RIRS_NOISES; files with noise in their path are taken as noises; null: simulated rooms',
    ),
  corpus: artifact('corpus').optional().describe('the source of babble where there is no other speech'),
  made: made.optional().describe('what is generated where there are no recordings'),
  voices: z
    .number()
    .int()
    .nonnegative()
    .optional()
    .describe('utterances of the corpus to use where there is no other speech; default 200'),
  roomSeconds: z.number().positive().max(10).optional().describe('room responses are cut to this length; default 1'),
});
type Options = z.output<typeof fields>;

const options = fields.superRefine(
  refuseIdle(({ path, musan, rooms, corpus, made, voices, roomSeconds }) => [
    ...Object.entries({ musan, rooms, made, voices, roomSeconds }).map(
      ([option, value]) => [path !== undefined && value != null, option, 'has no effect with path'] as const,
    ),
    [path === undefined && voices !== undefined && corpus === undefined, 'voices', 'has no effect without a corpus'],
  ]),
);

const result = z.object({
  /** The bank that was used as it is; null for `bank` in the stage's folder. */
  path: z.string().nullable(),
  /** Number of recordings of each kind. */
  noise: z.number(),
  speech: z.number(),
  music: z.number(),
  rooms: z.number(),
  /** Of a bank that was built: its length, and the files that could not be used. */
  seconds: z.number().optional(),
  skipped: z.number().optional(),
});

/** Folder of the bank of a noises artifact. */
export function bankDir(artifact: Pick<Artifact, 'dir' | 'result'>): string {
  const { path } = readResult(artifact, result);
  return path === null ? join(artifact.dir, 'bank') : resolve(path);
}

/** Gathers noises and room responses into one bank, which augmentations read from. */
export default defineStage({
  name: 'noises',
  summary: 'Gathers noises and room responses for augmentation; generates them where none are given.',
  options,
  result,
  sources: ({ path, musan, rooms }) => {
    const folders = [path, musan, rooms].filter((folder): folder is string => !!folder);
    return folders.length > 0 ? sourceStamp(folders) : undefined;
  },
  check(_context, { path, musan, rooms }) {
    const missing = [path, musan, rooms].flatMap((folder) => (folder && !existsSync(folder) ? [resolve(folder)] : []));
    if (missing.length > 0) return missing.map((folder) => `the folder ${folder} does not exist`);
    // Otherwise generated noise would take its place unnoticed.
    if (!musan || noiseKinds.some((kind) => existsSync(join(musan, kind)))) return [];
    return [`${resolve(musan)} holds none of the folders ${noiseKinds.join(', ')}. Give the folder that they lie in.`];
  },
  async run(context, chosen) {
    if (chosen.path !== undefined) {
      const { noises, rooms } = openNoiseBank(chosen.path);
      const count = (kind: NoiseKind) => noises.kinds[kind]?.first.length ?? 0;
      const counts = { noise: count('noise'), speech: count('speech'), music: count('music') };
      return { path: resolve(chosen.path), ...counts, rooms: rooms.count };
    }
    const { log, signal, progress } = context;
    const { noises, rooms } = tasksOf(context, chosen);
    const built = await buildNoiseBank({
      dir: join(context.dir, 'bank'),
      noises,
      rooms,
      taps: tapsOf(chosen),
      log,
      signal,
      voices: noises.speech.length > 0 ? undefined : voicesOf(context, chosen),
      progress: (step, total) => progress.update({ step, total }),
    });
    for (const kind of noiseKinds) if (built[kind] === 0) log(`there is no ${kind} in the bank: recipes skip it`);
    return { path: null, ...built };
  },
});

const tapsOf = ({ roomSeconds = 1 }: Options): number => Math.round(roomSeconds * SAMPLE_RATE_HZ);

/** The sources of the bank: recordings, and generated sound where there are none. */
function tasksOf({ seed }: StageContext, options: Options) {
  const { musan, rooms: roomsFolder } = options;
  const generates = made.parse(options.made ?? {});
  const recordings = roomsFolder ? splitRooms(roomsFolder) : { rooms: [], noises: [] };
  const read = (kind: NoiseKind) => recordingsIn(musan ? join(musan, kind) : undefined);
  const noise = [...read('noise'), ...recordings.noises];
  const taps = tapsOf(options);
  const times = (count: number, task: (i: number) => BankTask) => Array.from({ length: count }, (_, i) => task(i));
  const samples = Math.round(generates.noiseSeconds * SAMPLE_RATE_HZ);
  const generated = () =>
    times(generates.noises, (i) => ({ make: 'noise', seed: `${seed}/noises/noise/${i}`, samples }));
  const { rt60Seconds } = generates;
  const simulated = () =>
    times(generates.rooms, (i) => ({ make: 'simulated room', seed: `${seed}/noises/room/${i}`, taps, rt60Seconds }));
  const recorded = recordings.rooms.map((path): BankTask => ({ make: 'measured room', path, taps }));
  return {
    noises: { noise: noise.length > 0 ? noise : generated(), speech: read('speech'), music: read('music') },
    rooms: recorded.length > 0 ? recorded : simulated(),
  };
}

const recording = (path: string): BankTask => ({ make: 'recording', path });

function recordingsIn(folder: string | undefined): BankTask[] {
  if (folder === undefined || !existsSync(folder)) return [];
  const { root, files } = listRecordings(folder, audioExtensions);
  return Array.from(files, (file) => recording(join(root, file)));
}

/** RIRS_NOISES holds both: `pointsource_noises`, and among the measured rooms files such as `RVB2014_type1_noise_...`. */
function splitRooms(folder: string): { rooms: string[]; noises: BankTask[] } {
  const { root, files } = listRecordings(folder, audioExtensions);
  const isNoise = (file: string) => /(^|\/)pointsource_noises\//.test(file) || /(^|_)noise(_|\.)/i.test(basename(file));
  const paths = (wanted: boolean) =>
    [...files].filter((file) => isNoise(file) === wanted).map((file) => join(root, file));
  return { rooms: paths(false), noises: paths(true).map(recording) };
}

/** Utterances of the corpus, drawn by the run's seed. */
function voicesOf({ artifact: find, seed }: StageContext, { corpus, voices = 200 }: Options) {
  if (corpus === undefined || voices === 0) return undefined;
  const { train } = openTraining(find(corpus));
  const order = createRng(`${seed}/noises/voices`).shuffle(Int32Array.from(train.ids.keys()));
  return { shards: train, utterances: [...order.subarray(0, voices)] };
}
