// Makes trees in the official layout of VoxCeleb from a corpus of our own, for trying the official recipe at a small size:
//
//   node dist/bench/corpora/voxceleb-shaped.js CORPUS OUT [--format m4a|wav]
//
// OUT/voxceleb2/dev/aac/id00012/VIDEO/00001.m4a: the training speakers (m4a by ffmpeg), vox2_meta.csv
// OUT/voxceleb1/wav/id10270/VIDEO/00001.wav: the test speakers in both forms, vox1_meta.csv, and lists in the official format:
//   O the clean list, E the channel list, H clean against channel; as first published (veri_test.txt, ...) whole, as cleaned
//   (veri_test2.txt, ...) without every fiftieth trial.
//
// Then: voxloop corpus voxceleb2 --root OUT/voxceleb2/dev --test-root OUT/voxceleb1 --out CORPUS2
// bench/quality/official-recipes runs the official recipes on such trees.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { channelPath } from '../../src/data/corpus/finish-corpus.js';
import { readManifest, type Utterance } from '../../src/data/manifest.js';
import { readTrials, type Trial } from '../../src/data/trials.js';
import { writeFileAtomic } from '../../src/io/atomic.js';

const UTTERANCES_A_VIDEO = 4;
const FIRST_TRAIN = 12; // VoxCeleb2's first speaker is id00012
const FIRST_TEST = 10270; // VoxCeleb1's test speakers are id10270 to id10309

/** The official lists by their files, and what each consists of. */
export const LISTS = {
  'veri_test.txt': { trials: 'clean', cleaned: false },
  'veri_test2.txt': { trials: 'clean', cleaned: true },
  'list_test_all.txt': { trials: 'channel', cleaned: false },
  'list_test_all2.txt': { trials: 'channel', cleaned: true },
  'list_test_hard.txt': { trials: 'crossed', cleaned: false },
  'list_test_hard2.txt': { trials: 'crossed', cleaned: true },
} as const;
/** Cleaning leaves out one trial of so many. */
const CLEANED_OF = 50;

/** The trees, and the numbers of their utterances. */
export interface ShapedTrees {
  /** The folder of VoxCeleb2's development set. */
  voxceleb2: string;
  voxceleb1: string;
  train: number;
  test: number;
}

/** Makes the trees; `encode` writes a training recording in the format that its path asks for. */
export function makeVoxCelebShaped(
  corpus: string,
  out: string,
  format: 'm4a' | 'wav',
  encode: (from: string, to: string) => void = format === 'm4a' ? encodeAac : copyFile,
): ShapedTrees {
  const { utterances } = readManifest(corpus);
  const [train, test] = (['train', 'test'] as const).map((side) => utterances.filter(({ split }) => split === side));
  const folder = format === 'm4a' ? 'aac' : 'wav';
  for (const { utterance, place } of places(train, FIRST_TRAIN))
    encode(join(corpus, utterance.path), join(out, 'voxceleb2', 'dev', folder, `${place}.${format}`));
  const named = new Map<string, string>();
  for (const { utterance, place, speaker, name } of places(test, FIRST_TEST)) {
    const channel = `${speaker}/channel-${name}`;
    copyFile(join(corpus, utterance.path), join(out, 'voxceleb1', 'wav', `${place}.wav`));
    copyFile(join(corpus, channelPath(utterance.path)), join(out, 'voxceleb1', 'wav', `${channel}.wav`));
    named.set(utterance.path, `${place}.wav`).set(channelPath(utterance.path), `${channel}.wav`);
  }
  writeLists(corpus, join(out, 'voxceleb1'), named);
  writeMeta(out, train, test);
  return {
    voxceleb2: join(out, 'voxceleb2', 'dev'),
    voxceleb1: join(out, 'voxceleb1'),
    train: train.length,
    test: test.length,
  };
}

interface Place {
  utterance: Utterance;
  speaker: string;
  /** `VIDEO/UTTERANCE` */
  name: string;
  /** `SPEAKER/VIDEO/UTTERANCE` */
  place: string;
}

/** Speakers in order of first mention become ids; every four utterances are a video. */
function* places(utterances: readonly Utterance[], first: number): Generator<Place> {
  const counts = new Map<string, number>();
  const ids = idsOf(utterances, first);
  for (const utterance of utterances) {
    const speaker = ids.get(utterance.speaker ?? '')!;
    const count = counts.get(speaker) ?? 0;
    counts.set(speaker, count + 1);
    const video = `video${String(Math.floor(count / UTTERANCES_A_VIDEO)).padStart(6, '0')}`;
    const name = `${video}/${String((count % UTTERANCES_A_VIDEO) + 1).padStart(5, '0')}`;
    yield { utterance, speaker, name, place: `${speaker}/${name}` };
  }
}

function idsOf(utterances: readonly Utterance[], first: number): Map<string, string> {
  const speakers = [...new Set(utterances.map(({ speaker }) => speaker ?? ''))];
  return new Map(speakers.map((speaker, i) => [speaker, `id${String(first + i).padStart(5, '0')}`]));
}

function writeLists(corpus: string, root: string, named: ReadonlyMap<string, string>): void {
  const [clean, channel] = ['clean', 'channel'].map((name) => readTrials(join(corpus, 'trials', `${name}.txt`)));
  const crossed = clean.map((trial, i) => ({ ...trial, test: channel[i].test }));
  const all = { clean, channel, crossed };
  const line = ({ enrolment, test, target }: Trial) => `${target ? 1 : 0} ${named.get(enrolment)} ${named.get(test)}\n`;
  for (const [file, { trials, cleaned }] of Object.entries(LISTS)) {
    const kept = all[trials].filter((_, i) => !cleaned || (i + 1) % CLEANED_OF !== 0);
    writeFileAtomic(join(root, file), kept.map(line).join(''));
  }
}

/** The official tables; nobody knows these speakers' genders, so they alternate. */
function writeMeta(out: string, train: readonly Utterance[], test: readonly Utterance[]): void {
  const rows = (ids: Map<string, string>, line: (id: string, gender: string) => string) =>
    [...ids.values()].map((id, i) => line(id, i % 2 === 0 ? 'm' : 'f')).join('');
  const vox2 = rows(idsOf(train, FIRST_TRAIN), (id, gender) => `${id} ,n${id.slice(2)} ,${gender} ,dev \n`);
  const vox1 = rows(idsOf(test, FIRST_TEST), (id, gender) => `${id}\tName_${id.slice(2)}\t${gender}\tUK\ttest\n`);
  writeFileAtomic(join(out, 'voxceleb2', 'vox2_meta.csv'), 'VoxCeleb2 ID ,VGGFace2 ID ,Gender ,Set \n', vox2);
  writeFileAtomic(
    join(out, 'voxceleb1', 'vox1_meta.csv'),
    'VoxCeleb1 ID\tVGGFace1 ID\tGender\tNationality\tSet\n',
    vox1,
  );
}

function copyFile(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}

/** AAC-LC at 64 kbit/s, mono, 16 kHz. */
function encodeAac(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  const { status, stderr } = spawnSync('ffmpeg', ['-v', 'error', '-y', '-i', from, '-c:a', 'aac', '-b:a', '64k', to]);
  if (status !== 0) throw new Error(`ffmpeg failed on ${from}: ${stderr}`);
}

if (process.argv[1] === import.meta.filename) {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { format: { type: 'string', default: 'm4a' } },
  });
  const [corpus, out] = positionals;
  console.log(JSON.stringify(makeVoxCelebShaped(corpus, out, values.format === 'wav' ? 'wav' : 'm4a')));
}
