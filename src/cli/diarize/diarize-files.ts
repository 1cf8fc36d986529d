import { basename, extname } from 'node:path';
import { z } from 'zod';
import { noneUsable } from '../../data/none-usable.js';
import { boundsOf, diarizeOptions } from '../../diarize/diarize.js';
import { diarizeFile } from '../../diarize/diarize-file.js';
import { diarizeVoices } from '../../diarize/names/diarize-voices.js';
import { enrollNumbered } from '../../diarize/names/enroll-numbered.js';
import { openVoiceNames, type VoiceNames } from '../../diarize/names/voice-names.js';
import { type Diarized, embeddingName, type Format, formatted, voicesLine } from '../../diarize/output.js';
import { readOverlapDetector } from '../../diarize/overlap/detector-file.js';
import { shellWord, UserError } from '../../errors.js';
import { writeFileAtomic } from '../../io/atomic.js';
import { checkStoreModel } from '../../speakers/change-store.js';
import { UNDECIDED } from '../../speakers/decision.js';
import { type SpeakerModel, speakerModel } from '../../speakers/speaker-model.js';
import { isStore, readInfo } from '../../speakers/store.js';
import { type EmbeddingRow, embeddingWriter } from '../../speakers/write-embeddings.js';
import { reportSkipped, withEmbedProgress } from '../options/embed-progress.js';
import { keyValues } from '../options/key-values.js';
import { filesBelow } from '../options/recordings.js';
import { withModel } from '../options/with-model.js';
import type { DiarizeCommandOptions } from './diarize.js';

type DiarizedFile = Diarized & { file: string };

const log = (line: string) => void process.stderr.write(`${line}\n`);

/** Diarizes files, names their speakers where a store is given, and writes what was found. */
export async function diarizeFiles(paths: string[], options: DiarizeCommandOptions): Promise<void> {
  const { recordings: found, skipped } = filesBelow(paths);
  const files = found.map(({ path }) => path);
  const settings = diarizeSettings(options);
  const format = options.json ? 'json' : options.format;
  const recordings = recordingNames(files, format);
  const overlap = options.overlap === undefined ? undefined : readOverlapDetector(options.overlap);
  checkNameOptions(options);
  const write = options.embeddings === undefined ? undefined : embeddingWriter(options.embeddings);
  const diarized: DiarizedFile[] = [];
  const run = { ...options, json: format === 'json' };
  const named = await withModel(options.model, run, async (extractor, model) => {
    const naming = options.store === undefined ? undefined : await openNaming(speakerModel(model, extractor), options);
    const wantsVoices = naming !== undefined || write !== undefined;
    const hear = async (file: string, i: number) => {
      const outcome = wantsVoices
        ? await diarizeVoices(file, { extractor }, settings, { names: naming?.names, overlap })
        : await diarizeFile(file, extractor, settings, { overlap });
      if ('reason' in outcome) {
        skipped.push({ file, ...outcome });
        return;
      }
      diarized.push({ recording: recordings[i], file, ...outcome });
      if (naming && outcome.segments.length > 0) log(voicesLine(diarized[diarized.length - 1]));
    };
    // With names each recording has a line of its own, which shows how far it is.
    const display = { label: 'diarize', worthShowing: naming ? Number.POSITIVE_INFINITY : 2 };
    await withEmbedProgress(
      files.length,
      async (progress) => {
        for (const [i, file] of files.entries()) {
          await hear(file, i);
          progress?.(i + 1, files.length);
        }
      },
      display,
    );
    return { naming, size: extractor.size };
  });
  if (diarized.length === 0) throw noneUsable(skipped);
  for (const { file, segments } of diarized) if (segments.length === 0) log(`${file}: no speech was found`);
  reportSkipped(skipped);
  await write?.(embeddingRows(diarized), named.size);
  const text = formatted(diarized, format, options.embeddings);
  if (options.out === undefined || options.out === '-') process.stdout.write(text);
  else writeFileAtomic(options.out, text);
  if (named.naming && options.enrollUnknown) await enroll(options.store!, named.naming);
  if (skipped.length > 0 && !options.skipBad) process.exitCode = 2;
}

interface Naming {
  model: SpeakerModel;
  names: VoiceNames;
}

/** Opens the store, and tells by what names are given. */
async function openNaming(model: SpeakerModel, options: DiarizeCommandOptions): Promise<Naming> {
  const { store, enrollUnknown: mayBeMissing, threshold, falseAccepts, leastSpeech: leastSpeechSeconds } = options;
  // Refused here, and not after an hour of recordings: only the model that enrolled the others can add to them.
  if (store !== undefined && mayBeMissing && isStore(store)) checkStoreModel(store, readInfo(store), model.identity);
  const query = { store, mayBeMissing, threshold, falseAccepts, leastSpeechSeconds, log };
  const names = await openVoiceNames(model, query);
  const decisive = names.threshold;
  if (decisive === null && mayBeMissing)
    throw new UserError(
      '--enroll-unknown cannot tell whether two voices are one, for the model has no calibration: make one with `voxloop calibrate`, or ' +
        'choose a threshold with --threshold.',
    );
  const decided = decisive ? `threshold ${decisive.value.toFixed(4)}, ${decisive.basis}` : UNDECIDED;
  log(`enrolled speakers: ${names.enrolled}; ${decided}`);
  return { model, names };
}

async function enroll(store: string, { model, names }: Naming): Promise<void> {
  const enrolled = await enrollNumbered(store, model, names, { log });
  for (const { speaker, recordings, speechSeconds } of enrolled)
    log(
      `enrolled ${speaker}: ${recordings} recording${recordings === 1 ? '' : 's'}, ${speechSeconds.toFixed(1)} s; ` +
        `to name it: voxloop speakers --store ${shellWord(store)} --rename ${speaker}=NAME`,
    );
}

async function* embeddingRows(diarized: readonly DiarizedFile[]): AsyncGenerator<EmbeddingRow> {
  for (const { recording, file, voices = [] } of diarized) {
    for (const voice of voices) {
      const { startSeconds, speechSeconds: seconds, vector } = voice;
      yield { name: embeddingName(recording, voice), path: file, startSeconds, seconds, window: false, vector };
    }
  }
}

/** @throws UserError for an option that needs a store, without one */
function checkNameOptions({ store, enrollUnknown, threshold, falseAccepts }: DiarizeCommandOptions): void {
  if (store !== undefined) return;
  const named = { '--enroll-unknown': enrollUnknown, '--threshold': threshold, '--false-accepts': falseAccepts };
  const alone = Object.entries(named).find(([, value]) => value !== undefined);
  if (alone) throw new UserError(`${alone[0]} goes with --store, the folder of enrolled speakers.`);
}

/** The options of diarization, checked before the model is read. */
function diarizeSettings(options: DiarizeCommandOptions) {
  const { speakers, minSpeakers: leastSpeakers, maxSpeakers: mostSpeakers, algorithm } = options;
  if (speakers !== undefined && (leastSpeakers ?? mostSpeakers) !== undefined)
    throw new UserError('--speakers fixes the number of speakers: leave out --min-speakers and --max-speakers.');
  const named = Object.entries({ speakers, leastSpeakers, mostSpeakers, algorithm }).filter(
    ([, value]) => value !== undefined,
  );
  const result = diarizeOptions.safeParse({ ...Object.fromEntries(named), ...keyValues(options.set) });
  if (!result.success) throw new UserError(`--set: ${z.prettifyError(result.error)}`);
  boundsOf(result.data);
  return result.data;
}

/**
 * Names of the recordings: those of their files, or where two would be called the same, their paths.
 * @throws UserError for paths that repeat, and several recordings for a label track
 */
function recordingNames(files: readonly string[], format: Format): string[] {
  if (format === 'audacity' && files.length > 1)
    throw new UserError(
      `An Audacity label track holds one recording, and ${files.length} are named. Run the command once for each.`,
    );
  const bare = files.map((file) => basename(file, extname(file)));
  const names =
    repeated(bare) === undefined ? bare : files.map((file) => file.slice(0, -extname(file).length || undefined));
  const twice = repeated(names);
  if (twice !== undefined)
    throw new UserError(
      `Two recordings are called ${twice}: their segments could not be told apart. Rename one, or run the command once for each.`,
    );
  return names;
}

/** The first name that is there before, white space being one: RTTM holds none. */
function repeated(names: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return names.find((name) => {
    const written = name.replace(/\s+/g, '_');
    return seen.has(written) || !seen.add(written);
  });
}
