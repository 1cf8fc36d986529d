/**
 * Errors of verification against the seconds of speech in the recording that is tested. Each speaker is enrolled with ten seconds of speech of one
 * session (a folder of the speaker; without two of them, the first half of the files) and tested with stretches of another; a stretch of N seconds is the
 * beginning of the longest one, so that every length has the same trials. Speech is what voice activity finds.
 *
 *   node dist/bench/quality/speech-length.js --model DIR --recordings DIR [--recordings DIR ...] [--speakers FILE] [--stretches 3]
 *
 * A folder of recordings holds SPEAKER/SESSION/FILE or SPEAKER/FILE; speakers of different folders are never compared. `--speakers` names a file with a line
 * FOLDER/SPEAKER for each that is wanted. Prints a table: EER; and false accepts and rejects at the thresholds where eight seconds have
 * equal errors, and one false accept in a hundred.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadMono16k } from '../../src/audio/decode/decode.js';
import { VAD_FRAME_SECONDS, vadOptions, voiceActivity } from '../../src/audio/speech/vad.js';
import { withModel } from '../../src/cli/options/with-model.js';
import { toPcm16 } from '../../src/data/shards/pcm16.js';
import { embedPieces } from '../../src/embed/embed-pieces.js';
import { equalError } from '../../src/eval/detection/eer.js';
import { sortScores } from '../../src/eval/detection/sorted-scores.js';
import { textTable } from '../../src/report/table.js';
import { dot, joinRows, rowsOf } from '../../src/rows.js';
import { SAMPLE_RATE_HZ } from '../../src/sample-rate.js';
import { directionOf } from '../../src/speakers/directions.js';

const LENGTHS = [0.5, 1, 1.5, 2, 3, 4, 5, 6, 8];
const LONGEST = LENGTHS[LENGTHS.length - 1] * SAMPLE_RATE_HZ;
const ENROLLED = 10 * SAMPLE_RATE_HZ;

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    recordings: { type: 'string', multiple: true, default: [] },
    speakers: { type: 'string' },
    stretches: { type: 'string', default: '3' },
  },
});
const stretches = Number(values.stretches);
const wanted = values.speakers === undefined ? null : new Set(readFileSync(values.speakers, 'utf8').split(/\r?\n/));

interface Voice {
  folder: string;
  enrolled: Int16Array;
  tested: Int16Array[];
}

/** Up to so many samples of speech of recordings, one after the other. */
async function speechOf(files: readonly string[], most: number): Promise<Float32Array> {
  const parts: Float32Array[] = [];
  let samples = 0;
  const frame = VAD_FRAME_SECONDS * SAMPLE_RATE_HZ;
  for (const file of files) {
    if (samples >= most) break;
    const recording = await loadMono16k(file);
    const { active } = voiceActivity(recording, vadOptions.parse({}));
    const speech = recording.filter((_, i) => active[Math.floor(i / frame)] === 1);
    parts.push(speech);
    samples += speech.length;
  }
  return joinRows(parts).subarray(0, most);
}

/** Files of each session. */
function sessionsOf(dir: string): string[][] {
  const below = (folder: string) =>
    readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  const entries = below(dir);
  const files = entries.filter((entry) => entry.isFile()).map(({ name }) => join(dir, name));
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(dir, name));
  const sessions = folders.map((folder) => below(folder).map(({ name }) => join(folder, name)));
  return files.length > 0 ? [files, ...sessions] : sessions;
}

async function voiceOf(folder: string, speaker: string): Promise<Voice | null> {
  const sessions = sessionsOf(join(folder, speaker));
  if (sessions.length === 0) return null;
  const half = Math.ceil(sessions[0].length / 2);
  const [first, other] =
    sessions.length > 1
      ? [sessions[0], sessions[sessions.length - 1]]
      : [sessions[0].slice(0, half), sessions[0].slice(half)];
  if (other.length === 0) return null;
  const speech = await speechOf(other, stretches * LONGEST);
  const count = Math.floor(speech.length / LONGEST);
  const enrolled = await speechOf(first, ENROLLED);
  if (count === 0 || enrolled.length < ENROLLED) return null;
  const pcm = toPcm16(speech);
  const tested = Array.from({ length: count }, (_, i) => pcm.subarray(i * LONGEST, (i + 1) * LONGEST));
  return { folder, enrolled: toPcm16(enrolled), tested };
}

async function voices(): Promise<Voice[]> {
  const all: Voice[] = [];
  for (const folder of values.recordings) {
    for (const speaker of readdirSync(folder).sort()) {
      const name = `${basename(folder)}/${speaker}`;
      if (wanted && !wanted.has(name) && !wanted.has(basename(folder))) continue;
      if (!existsSync(join(folder, speaker)) || speaker.includes('.')) continue;
      const voice = await voiceOf(folder, speaker);
      if (voice) all.push(voice);
    }
  }
  return all;
}

const all = await voices();
const pieces = all.reduce((sum, { tested }) => sum + tested.length, 0);
console.log(`${all.length} speakers, ${pieces} stretches`);

const scored = await withModel(values.model, {}, async (extractor, { mean }) => {
  const directions = async (parts: readonly Int16Array[]) =>
    [...rowsOf(await embedPieces(parts, extractor), extractor.size)].map((row) => directionOf('a part', row, mean));
  const enrolled = await directions(all.map((voice) => voice.enrolled));
  const tests = all.flatMap(({ tested }, speaker) => tested.map((pcm) => ({ pcm, speaker })));
  const scores = [];
  for (const seconds of LENGTHS) {
    const vectors = await directions(tests.map(({ pcm }) => pcm.subarray(0, Math.round(seconds * SAMPLE_RATE_HZ))));
    const [found, targets]: [number[], boolean[]] = [[], []];
    for (const [i, { speaker }] of tests.entries()) {
      for (const [other, { folder }] of all.entries()) {
        if (folder !== all[speaker].folder) continue;
        found.push(dot(vectors[i], enrolled[other]));
        targets.push(other === speaker);
      }
    }
    scores.push({ seconds, list: sortScores(Float64Array.from(found), targets, 'trials') });
  }
  return scores;
});

const longest = scored[scored.length - 1].list;
const equal = equalError(longest).threshold;
const strict = longest.nontargets[longest.nontargets.length - 1 - Math.floor(longest.nontargets.length / 100)];
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const accepts = (scores: ArrayLike<number>, threshold: number) =>
  Array.from(scores).filter((score) => score > threshold).length / scores.length;
type Row = (typeof scored)[number];
const errorsAt = (threshold: number, name: string) => [
  { header: `accepts, ${name}`, cell: ({ list }: Row) => percent(accepts(list.nontargets, threshold)) },
  { header: 'rejects', cell: ({ list }: Row) => percent(1 - accepts(list.targets, threshold)) },
];
const columns = [
  { header: 'speech', cell: ({ seconds }: Row) => `${seconds} s` },
  { header: 'EER', cell: ({ list }: Row) => percent(equalError(list).eer) },
];
console.log(textTable(scored, columns.concat(errorsAt(equal, 'equal'), errorsAt(strict, '1 %'))));
console.log(`trials: ${longest.targets.length} targets, ${longest.nontargets.length} nontargets`);
