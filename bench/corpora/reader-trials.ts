// Chooses the readers of LibriSpeech that configs/real-speech.yaml hears in tests only, and writes trials of stretches of their recordings.
//
//   node dist/bench/corpora/reader-trials.js ROOT [--collection libri] [--only wuw] [--out configs/splits]
//
// ROOT/libri/READER/CHAPTER/NAME.opus are recordings, and ROOT/wuw is a collection that is heard in tests only. Writes OUT/real-speech.txt
// and OUT/real-speech-libri.txt, and prints how many readers and trials they hold. The same folder gives the same lists: no system's
// results play a part.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { decodeFile } from '../../src/audio/decode/decode.js';
import { audioExtensions } from '../../src/audio/decode/formats.js';
import { listRecordings } from '../../src/data/corpus/recordings.js';
import { type Trial, writeTrials } from '../../src/data/trials.js';
import { writeFileAtomic } from '../../src/io/atomic.js';
import { createRng } from '../../src/random.js';

const READERS = 30;
const EVERY = 4;
const STRETCH_SECONDS = 4;
const MAX_STRETCHES = 3;
const NONTARGETS_A_TARGET = 10;

const RULE = `# Heard in tests only by configs/real-speech.yaml, as paths from the root of the collections. Written by
# bench/corpora/reader-trials.ts before any system was run: of the readers of LibriSpeech (V. Panayotov, G. Chen, D. Povey,
# S. Khudanpur, 2015, CC BY 4.0) with a single recording, sorted by number, every ${EVERY}th from the first.
`;

/** The readers to test: of those with a single recording, every fourth, so that those with hours stay to be trained on. */
function chooseReaders(files: Iterable<string>): Map<string, string> {
  const readers = new Map<string, string[]>();
  for (const file of files) {
    const [reader] = file.split('/');
    readers.set(reader, (readers.get(reader) ?? []).concat(file));
  }
  const single = [...readers].filter(([, recordings]) => recordings.length === 1);
  const numbered = single.map(([reader, [file]]) => ({ reader, file, number: Number(reader.replace(/\D/g, '')) }));
  numbered.sort((a, b) => a.number - b.number);
  const chosen = numbered.filter((_, i) => i % EVERY === 0).slice(0, READERS);
  return new Map(chosen.map(({ reader, file }) => [reader, file]));
}

async function stretchesOf(root: string, file: string): Promise<string[]> {
  const { channels, sampleRateHz } = await decodeFile(join(root, file));
  const fitting = Math.floor(channels[0].length / sampleRateHz / STRETCH_SECONDS);
  return Array.from({ length: Math.min(MAX_STRETCHES, fitting) }, (_, i) => {
    const from = i * STRETCH_SECONDS;
    return `${file}#t=${from},${from + STRETCH_SECONDS}`;
  });
}

/** All pairs of stretches of a reader, and ten times as many pairs of two readers. */
function trialsOf(readers: readonly string[][]): Trial[] {
  const rng = createRng(1).fork('reader trials');
  const targets = readers.flatMap((stretches) =>
    stretches.flatMap((enrolment, i) => stretches.slice(i + 1).map((test) => ({ enrolment, test, target: true }))),
  );
  const others = readers.flatMap((stretches, i) =>
    readers
      .slice(i + 1)
      .flatMap((more) => stretches.flatMap((enrolment) => more.map((test) => ({ enrolment, test, target: false })))),
  );
  return rng.shuffle(targets.concat(rng.shuffle(others).slice(0, NONTARGETS_A_TARGET * targets.length)));
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    collection: { type: 'string', default: 'libri' },
    only: { type: 'string', multiple: true, default: ['wuw'] },
    out: { type: 'string', default: 'configs/splits' },
  },
});
const [root] = positionals;
const { collection, only, out } = values;
const readers = chooseReaders(listRecordings(join(root, collection), audioExtensions).files);
const stretches: string[][] = [];
for (const file of readers.values()) stretches.push(await stretchesOf(root, `${collection}/${file}`));
const trials = trialsOf(stretches);
const folders = only.concat([...readers.keys()].map((reader) => `${collection}/${reader}`));
writeFileAtomic(join(out, 'real-speech.txt'), `${RULE}${folders.join('\n')}\n`);
writeTrials(join(out, 'real-speech-libri.txt'), trials);
console.log(
  `${readers.size} readers, ${trials.length} trials, ${trials.filter(({ target }) => target).length} of them targets`,
);
