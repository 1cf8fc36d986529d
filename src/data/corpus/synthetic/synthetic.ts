import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../../errors.js';
import { inOrder, openWorkerPool } from '../../worker-pool.js';
import type { BuildOptions } from '../build-options.js';
import { buildCorpusFolder, type CorpusSummary } from '../corpus-folder.js';
import { type FinishedUtterance, finishCorpus } from '../finish-corpus.js';
import type { VoiceTask } from './voice-worker.js';

/** Options of `buildSyntheticCorpus`. */
export interface SyntheticCorpusOptions extends BuildOptions {
  out: string;
  /** Number of voices. Default: 60. */
  speakers?: number;
  /** Of each voice. Default: 20. */
  utterances?: number;
  /** Length of an utterance. Default: 4. */
  seconds?: number;
  seed?: number;
  /** Voices kept for trials; 0 makes no trials. Default: 12, but at most half of the voices. */
  testSpeakers?: number;
  /** Synthesizing threads; the bytes do not depend on it. Default: one a core. */
  jobs?: number;
  /** Replaces a corpus that is there already. */
  force?: boolean;
}

const LICENSES = `# Where this audio comes from

Every sound in this corpus was computed by \`voxloop corpus synthetic\` with a source-filter synthesizer. No recording of
anyone went into it and no one's rights attach to it: use it as you like (CC0 1.0).
`;

/**
 * Builds a corpus of made-up voices: random syllables, each utterance with its own content, pitch, effort and recording
 * channel. The first `testSpeakers` voices are the test's, so that asking for more voices adds training speech and leaves
 * the trials as they were. The same options give the same bytes.
 * @throws UserError when an option makes no sense, or `out` holds something else
 */
export async function buildSyntheticCorpus(options: SyntheticCorpusOptions): Promise<CorpusSummary> {
  const { speakers = 60, utterances = 20, seconds = 4, seed = 1 } = options;
  const { testSpeakers = Math.min(12, Math.floor(speakers / 2)) } = options;
  const jobs = options.jobs ?? availableParallelism();
  const made = { speakers, utterances, seconds, seed, testSpeakers };
  checkOptions(made);
  const identity = { name: 'synthetic', options: made };
  return buildCorpusFolder(options.out, identity, options, async (partial) => {
    const all = listUtterances(made);
    await writeVoices(partial, all, seed, jobs, options);
    const contents = { identity, seed, utterances: all, skipped: [], licenses: LICENSES };
    return finishCorpus(partial, contents, jobs, options);
  });
}

interface Size {
  speakers: number;
  utterances: number;
  seconds: number;
  testSpeakers: number;
}

function checkOptions({ speakers, utterances, seconds, testSpeakers }: Size): void {
  const whole = (value: number, least: number) => Number.isInteger(value) && value >= least;
  const check = (right: boolean, rule: string, value: number) => {
    if (!right) throw new UserError(`A synthetic corpus needs ${rule}; got ${value}.`);
  };
  check(whole(speakers, 1), 'a whole number of speakers above 0', speakers);
  check(
    whole(utterances, testSpeakers > 0 ? 2 : 1),
    'at least 2 utterances of each speaker for its trials',
    utterances,
  );
  check(seconds >= 0.5 && seconds <= 600, 'utterances of 0.5 to 600 seconds', seconds);
  check(
    whole(testSpeakers, 0) && testSpeakers !== 1 && testSpeakers < speakers,
    `0 or at least 2 test speakers, fewer than its ${speakers} speakers so that some are left to train on`,
    testSpeakers,
  );
}

interface SyntheticUtterance extends FinishedUtterance {
  voice: number;
  number: number;
}

function listUtterances({ speakers, utterances, seconds, testSpeakers }: Size): SyntheticUtterance[] {
  return Array.from({ length: speakers * utterances }, (_, i) => {
    const voice = Math.floor(i / utterances);
    const number = i % utterances;
    const speaker = `voice${String(voice + 1).padStart(4, '0')}`;
    const id = `${speaker}-${String(number + 1).padStart(3, '0')}`;
    const path = `wav/${speaker}/${id}.wav`;
    const split = voice < testSpeakers ? 'test' : 'train';
    return { id, path, speaker, split, seconds, language: null, group: speaker, files: [id], voice, number };
  });
}

async function writeVoices(
  dir: string,
  utterances: readonly SyntheticUtterance[],
  seed: number,
  jobs: number,
  { log, signal }: BuildOptions,
): Promise<void> {
  log?.(`Synthesizing ${utterances.length} utterances ...`);
  const tasks = utterances.map(({ path, seconds, voice, number }) => {
    return { file: join(dir, path), seed, voice, utterance: number, seconds };
  });
  const pool = openWorkerPool<VoiceTask, null>(new URL('./voice-worker.js', import.meta.url), jobs);
  let done = 0;
  try {
    for await (const { outcome } of inOrder(pool, tasks, signal)) {
      if (outcome.status === 'rejected') throw outcome.reason;
      done += 1;
      if (done % 500 === 0) log?.(`  ${done} utterances`);
    }
  } finally {
    await pool.close();
  }
}
