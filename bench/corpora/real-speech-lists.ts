// Chooses who is heard in tests only by configs/real-speech.yaml, and writes trials of these voices.
//
//   node dist/bench/corpora/real-speech-lists.js ROOT [--out configs/splits]
//
// ROOT/libri/READER/CHAPTER/NAME.opus are recordings of readers, ROOT/arabic_words and ROOT/dsp20_words words that SPEAKER/... says, and ROOT/wuw
// a collection that is heard in tests only. Writes OUT/real-speech.txt (folders), OUT/real-speech-libri.txt (trials of test readers) and
// OUT/real-speech-validation.txt (trials of other voices, to choose settings by). The same folders give the same lists: no system's results play a part.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { decodeFile } from '../../src/audio/decode/decode.js';
import { audioExtensions } from '../../src/audio/decode/formats.js';
import { listRecordings } from '../../src/data/corpus/recordings.js';
import { type Trial, writeTrials } from '../../src/data/trials.js';
import { writeFileAtomic } from '../../src/io/atomic.js';
import { createRng, type Rng } from '../../src/random.js';

const READERS = 'libri';
const WORDS = ['arabic_words', 'dsp20_words'];
const TESTED = ['wuw'];
/** Of 120 readers every fourth is tested from the first, and every eighth validated from the third; of speakers of words every fourth. */
const READERS_LISTED = 120;
const TEST = { from: 0, every: 4 };
const VALIDATION = { from: 2, every: 8 };
const WORD_VALIDATION = { from: 3, every: 4 };
const STRETCH_SECONDS = 4;
const MAX_STRETCHES = 3;
const WORDS_A_SPEAKER = 5;
const NONTARGETS_A_TARGET = 5;

const RULE = `# Heard in tests only by configs/real-speech.yaml, as paths from the root of the collections. Written by
# bench/corpora/real-speech-lists.ts before any system was run. Of the readers of LibriSpeech (V. Panayotov, G. Chen, D. Povey,
# S. Khudanpur, 2015, CC BY 4.0) with a single recording, sorted by number, every ${TEST.every}th from the first is tested and every
# ${VALIDATION.every}th from the third is for validation, as is every ${WORD_VALIDATION.every}th speaker of ${WORDS.join(' and ')}.
`;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { out: { type: 'string', default: 'configs/splits' } },
});
const [root] = positionals;
const rng = createRng(1).fork('real speech lists');

const every = <T>(items: readonly T[], { from, every }: typeof TEST): T[] =>
  items.filter((_, i) => i >= from && (i - from) % every === 0);

/** The recordings of each speaker of a collection, speakers sorted. */
function speakersOf(collection: string): [speaker: string, files: string[]][] {
  const speakers = new Map<string, string[]>();
  for (const file of listRecordings(join(root, collection), audioExtensions).files) {
    const speaker = `${collection}/${file.split('/')[0]}`;
    speakers.set(speaker, (speakers.get(speaker) ?? []).concat(`${collection}/${file}`));
  }
  return [...speakers].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Readers with a single recording, so that those with an hour stay to be trained on; sorted by number. */
function singleReaders(): [speaker: string, files: string[]][] {
  const number = (speaker: string) => Number(speaker.replace(/\D/g, ''));
  const single = speakersOf(READERS).filter(([, files]) => files.length === 1);
  return single.sort(([a], [b]) => number(a) - number(b)).slice(0, READERS_LISTED);
}

async function stretchesOf(file: string): Promise<string[]> {
  const { channels, sampleRateHz } = await decodeFile(join(root, file));
  const fitting = Math.floor(channels[0].length / sampleRateHz / STRETCH_SECONDS);
  return Array.from({ length: Math.min(MAX_STRETCHES, fitting) }, (_, i) => {
    const from = i * STRETCH_SECONDS;
    return `${file}#t=${from},${from + STRETCH_SECONDS}`;
  });
}

async function stretchesOfAll(readers: readonly [string, string[]][]): Promise<string[][]> {
  const all: string[][] = [];
  for (const [, [file]] of readers) all.push(await stretchesOf(file));
  return all;
}

/** All pairs of one voice, and five times as many pairs of two voices of the same collection. */
function trialsOf(collections: readonly string[][][], rng: Rng): Trial[] {
  const targets: Trial[] = [];
  const others: Trial[] = [];
  for (const voices of collections)
    for (const [i, voice] of voices.entries())
      for (const [k, enrolment] of voice.entries()) {
        for (const test of voice.slice(k + 1)) targets.push({ enrolment, test, target: true });
        for (const test of voices.slice(i + 1).flat()) others.push({ enrolment, test, target: false });
      }
  return rng.shuffle(targets.concat(rng.shuffle(others).slice(0, NONTARGETS_A_TARGET * targets.length)));
}

const readers = singleReaders();
const tested = every(readers, TEST);
const validated = every(readers, VALIDATION);
const speakersOfWords = WORDS.map((collection) => every(speakersOf(collection), WORD_VALIDATION));
const words = speakersOfWords.map((speakers) =>
  speakers.map(([, files]) => rng.shuffle(files).slice(0, WORDS_A_SPEAKER)),
);
const lists = {
  'real-speech-libri': trialsOf([await stretchesOfAll(tested)], rng),
  'real-speech-validation': trialsOf([await stretchesOfAll(validated)].concat(words), rng),
};
const folders = TESTED.concat([...tested, ...validated, ...speakersOfWords.flat()].map(([speaker]) => speaker));
writeFileAtomic(join(values.out, 'real-speech.txt'), `${RULE}${folders.join('\n')}\n`);
for (const [name, trials] of Object.entries(lists)) {
  writeTrials(join(values.out, `${name}.txt`), trials);
  console.log(`${name}: ${trials.length} trials, ${trials.filter(({ target }) => target).length} of them targets`);
}
