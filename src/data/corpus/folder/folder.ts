import { existsSync, rmSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { audioExtensions } from '../../../audio/decode/formats.js';
import { messageOf, UserError } from '../../../errors.js';
import { noneUsable } from '../../none-usable.js';
import { chained, type PackedRows, packedRows, type Rows, rowsWhere } from '../../packed-rows.js';
import { inOrder, openWorkerPool, WorkerCrashError } from '../../worker-pool.js';
import type { BuildOptions } from '../build-options.js';
import { buildCorpusFolder, type CorpusSummary } from '../corpus-folder.js';
import { type FinishedUtterance, finishCorpus, type Skipped } from '../finish-corpus.js';
import { keepApart } from '../keep-apart.js';
import { listRecordings } from '../recordings.js';
import { endResume, resumeFolder } from '../resume-folder.js';
import { nameUtterances, type PlannedUtterance } from './names.js';
import type { RecordingTask, Refusal } from './recording-worker.js';
import { splitSpeakers } from './split.js';

const WAV_HEADER_BYTES = 44;
const BYTES_A_SECOND = 32000;

/** Options of `buildDirCorpus`. */
export interface DirCorpusOptions extends BuildOptions {
  out: string;
  /** The folder of recordings. */
  root: string;
  /** The folder of a recording's path that names the speaker, counted from 0 at the root. Default: speakers are unknown. */
  speakerPart?: number;
  /** Default: every format that is decoded. */
  extensions?: readonly string[];
  /** Shorter recordings are left out. Default: 1. */
  minSeconds?: number;
  /** Speakers kept for trials; 0: none. Default: a fifth of those with enough utterances. */
  testSpeakers?: number;
  /** Decoding threads. Default: one a core. */
  jobs?: number;
  /** Replaces a corpus that is there already. */
  force?: boolean;
  /** Of the split, the channels and the trials. Default: 1. */
  seed?: number;
}

/**
 * Makes a corpus of a folder of recordings: each becomes one utterance of 16 kHz mono, in full length. Unusable ones
 * are listed in skipped.tsv. With known speakers `splitSpeakers` chooses those for trials. An interrupted build continues
 * where it stopped, as long as the recordings and the options are the same; the same ones give the same bytes.
 * @throws UserError when there is nothing to use, a path has no part for the speaker, or `out` holds something else
 */
export async function buildDirCorpus(options: DirCorpusOptions): Promise<CorpusSummary> {
  const { speakerPart, minSeconds = 1, testSpeakers, jobs = availableParallelism(), seed = 1 } = options;
  if (testSpeakers && speakerPart === undefined) {
    throw new UserError('Test speakers can be chosen only where speakers are known: give the part that names them.');
  }
  const extensions = [...(options.extensions ?? audioExtensions)];
  const recordings = listRecordings(options.root, extensions);
  const { root, files, hash } = recordings;
  keepApart(options.out, root);
  const planned = nameUtterances(files, speakerPart, root);
  const identity = {
    name: 'dir',
    options: {
      root,
      speakerPart: speakerPart ?? null,
      extensions,
      minSeconds,
      testSpeakers: testSpeakers ?? null,
      seed,
      recordings: files.length,
      hash,
    },
  };
  return buildCorpusFolder(options.out, identity, { ...options, resume: true }, async (partial) => {
    options.log?.(`Decoding ${planned.length} recordings of ${root} ...`);
    resumeFolder(partial, JSON.stringify(identity), options);
    const refused = await decode(planned, { root, partial, minSeconds, jobs }, options);
    const skipped = chained([() => recordings.skipped, () => refused]);
    const usable = usableOf(planned, refused, partial);
    if (usable.length === 0) {
      rmSync(partial, { recursive: true, force: true });
      throw noneUsable(refused);
    }
    const utterances = splitSpeakers(usable, testSpeakers, seed);
    if (speakerPart !== undefined && rowsWhere(utterances, ({ split }) => split === 'test').length === 0) {
      options.log?.('No trials: there are too few speakers with five utterances or more, or none were asked for.');
    }
    const facts = await finishCorpus(
      partial,
      { identity, seed, utterances, skipped, licenses: licenses(root) },
      jobs,
      options,
    );
    endResume(partial);
    return facts;
  });
}

interface Decoding {
  root: string;
  partial: string;
  minSeconds: number;
  jobs: number;
}

/** Writes the clean form of what is not there yet; returns why recordings were refused, in their order. */
async function decode(
  planned: Rows<PlannedUtterance>,
  { root, partial, minSeconds, jobs }: Decoding,
  { log, signal }: BuildOptions,
): Promise<Rows<Skipped>> {
  const missing = rowsWhere(planned, ({ path }) => !existsSync(join(partial, path)));
  const tasks = function* (): Generator<RecordingTask & { file: string }> {
    for (const { file, path } of missing) yield { file, from: join(root, file), to: join(partial, path), minSeconds };
  };
  const step = Math.max(1, Math.ceil(missing.length / 20));
  const refused = packedRows<Skipped>();
  const pool = openWorkerPool<RecordingTask & { file: string }, Refusal>(
    new URL('./recording-worker.js', import.meta.url),
    jobs,
  );
  let done = 0;
  try {
    for await (const { task, outcome } of inOrder(pool, tasks(), signal)) {
      const { file, from } = task;
      const refusal = outcome.status === 'fulfilled' ? outcome.value : crashed(outcome.reason);
      if (refusal) refused.push({ file, ...refusal, reason: refusal.reason.replaceAll(from, file) });
      if (++done % step === 0 || done === missing.length) log?.(`  ${done} of ${missing.length} decoded`);
    }
  } finally {
    await pool.close();
  }
  return refused;
}

/** The recordings that were not refused, with their lengths. */
function usableOf(
  planned: Rows<PlannedUtterance>,
  refused: Rows<Skipped>,
  partial: string,
): PackedRows<FinishedUtterance> {
  const usable = packedRows<FinishedUtterance>();
  const refusals = refused[Symbol.iterator]();
  let next = refusals.next();
  for (const utterance of planned) {
    if (!next.done && next.value.file === utterance.file) next = refusals.next();
    else usable.push(finished(utterance, partial));
  }
  return usable;
}

function crashed(error: unknown): Refusal {
  if (!(error instanceof WorkerCrashError)) throw error;
  return { kind: 'unreadable', reason: messageOf(error) };
}

function finished({ id, path, speaker, file }: PlannedUtterance, partial: string): FinishedUtterance {
  const seconds = (statSync(join(partial, path)).size - WAV_HEADER_BYTES) / BYTES_A_SECOND;
  return { id, path, speaker, split: 'train', seconds, language: null, group: speaker ?? id, files: [file] };
}

function licenses(root: string): string {
  return `# Where this audio comes from

The recordings were decoded and brought to 16 kHz mono from the folder \`${root}\`. The files under channel/ are test
utterances of the same recordings, filtered and with noise added. voxloop does not know their licences: those of
the folder go with the audio.
`;
}
