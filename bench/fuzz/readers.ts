import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { builtIns } from '../../src/builtins.js';
import { readKaldiData } from '../../src/data/corpus/kaldi/kaldi-data.js';
import { readLhotse } from '../../src/data/corpus/listed/lhotse.js';
import { readNemoManifest } from '../../src/data/corpus/listed/nemo.js';
import { loadHyparquet } from '../../src/data/corpus/parquet/hyparquet.js';
import { readParquetCorpus } from '../../src/data/corpus/parquet/parquet.js';
import { readSplitList } from '../../src/data/corpus/split-list.js';
import { readEnrolments } from '../../src/data/corpus/trial-lists.js';
import { readManifest } from '../../src/data/manifest.js';
import { readPairs, readRecordingList } from '../../src/data/recording-list.js';
import { indexTar } from '../../src/data/tar.js';
import { readTrialList, repeatedTrials } from '../../src/data/trials.js';
import { readRttm } from '../../src/diarize/rttm.js';
import { readKaldiPlda } from '../../src/eval/backend/plda-kaldi.js';
import { readNamedScores } from '../../src/eval/score-files/named-scores.js';
import { readScores } from '../../src/eval/score-files/scores-file.js';
import { readUtteranceTable } from '../../src/eval/score-files/utterance-table.js';
import { writeKaldiArchive } from '../../src/io/kaldi/archive.js';
import { readKaldi } from '../../src/io/kaldi/scp.js';
import { readNpy, writeNpy } from '../../src/io/npy.js';
import { readSafetensors, writeSafetensors } from '../../src/io/safetensors.js';
import { loadConfig } from '../../src/pipeline/config/config.js';
import { createRegistry } from '../../src/pipeline/registry/registry.js';

/** A reader of a format, and a sound file of it. */
export interface FuzzedReader {
  format: string;
  /** Where the file to damage stands. */
  path: string;
  sound: Buffer;
  read(path: string): unknown;
}

const RECIPE = `name: x
seed: 1
stages:
  - {stage: corpus, source: ready, path: &p b}
  - {stage: noises, corpus: corpus, made: {noises: 3}}
`;

const NEMO = `{"audio_filepath": "a.wav", "offset": 0.5, "duration": 1.5, "label": "anna"}
{"audio_filepath": "b.wav", "duration": 2, "speaker": 7, "lang": "en", "gender": "f"}
`;

const RECORDING = {
  id: 'ra',
  sources: [{ type: 'file', channels: [0, 1], source: 'a.wav' }],
  sampling_rate: 16000,
  num_samples: 64000,
  duration: 4,
};
const SUPERVISION = { id: 's1', recording_id: 'ra', start: 0.5, duration: 1, channel: 1, speaker: 'anna', gender: 'F' };
const CUT = { id: 'c1', type: 'MonoCut', start: 1, duration: 2, channel: 1, supervisions: [SUPERVISION] };
const LHOTSE_CUTS = `${JSON.stringify(Object.assign({ recording: RECORDING }, CUT))}\n`;

const TABLES: readonly (readonly [format: string, name: string, text: string, read: (path: string) => unknown])[] = [
  ['trials', 'trials.txt', '1 a/1.wav b/2.wav\n0 a/1.wav c/3.wav\na/1.wav d/4.wav target\n', trials],
  ['trials without answers', 'blind.txt', 'a/1.wav b/2.wav\nc/3.wav d/4.wav\n', trials],
  ['enrolments', 'models.txt', 'm1 a.wav b.wav\nm2 c.wav\n', readEnrolments],
  ['list of recordings', 'list.txt', 'anna\ta/1.wav\nb 2.wav\n', readRecordingList],
  ['list to enrol', 'enrol.txt', 'anna a/1.wav\nben\tb 2.wav\n', (path) => [...readPairs(path)]],
  ['wav.scp as a list', 'list.scp', 'u1 a/1.wav\nu2 wav.ark:17\n', readRecordingList],
  ['scores', 'scores.txt', '0.5 1\n-0.25 0\n1e-3 target\ninf 0\n', readScores],
  ['scores with names', 'named.txt', '0.5 1 a b\n-0.25 0 a c\n0.125 1 d e\n', readNamedScores],
  ['RTTM', 'talk.rttm', 'SPEAKER talk 1 0.5 1.25 <NA> <NA> anna <NA> <NA>\n;; note\n', readRttm],
  ['utt2spk as a table', 'utt2spk.txt', 'u1 anna\nu2 ben\n', readUtteranceTable],
  ['split list', 'split.tsv', 'anna\ttrain\tg1\t12\nben\ttest\tg2\t7\n', readSplitList],
  ['PLDA of Kaldi, text', 'plda.txt', '<Plda>  [ 1 2 ]\n [\n  1 0\n  0.5 2 ]\n [ 3 1 ]\n</Plda> ', readKaldiPlda],
  ['recipe', 'recipe.yaml', RECIPE, recipe],
  ['NeMo manifest', 'nemo.json', NEMO, readNemoManifest],
  ['Lhotse cuts', 'cuts.jsonl', LHOTSE_CUTS, readLhotse],
];

/** The readers of tables and archives, each with a sound file in a folder of its own below `dir`. */
export async function fuzzedReaders(dir: string): Promise<FuzzedReader[]> {
  const folder = (name: string) => {
    mkdirSync(join(dir, name), { recursive: true });
    return join(dir, name);
  };
  const tables = TABLES.map(([format, name, text, read]) => made(format, join(folder('tables'), name), read, text));
  const manifest =
    'id\tpath\tspeaker\tsplit\tseconds\tlanguage\nu1\ta.wav\tanna\ttrain\t1.5\ten\nu2\tb.wav\t-\ttest\t2\t-\n';
  const corpus = folder('corpus');
  tables.push(made('manifest', join(corpus, 'manifest.tsv'), () => readManifest(corpus), manifest));
  const listed = kaldiTables(folder('kaldi')).concat(lhotseTables(folder('lhotse')));
  return [...tables, ...listed, ...(await archives(folder('archives'))), ...(await parquetFiles(folder('parquet')))];
}

/** Parquet, where hyparquet is installed. */
async function parquetFiles(dir: string): Promise<FuzzedReader[]> {
  const isThere = await loadHyparquet().then(
    () => true,
    () => false,
  );
  if (!isThere) return [];
  const sound = readFileSync(new URL('../../../test/fixtures/parquet/voices.parquet', import.meta.url));
  return [made('Parquet', join(dir, 'x.parquet'), readParquetCorpus, sound)];
}

function lhotseTables(dir: string): FuzzedReader[] {
  const read = () => readLhotse(join(dir, 'x_supervisions.jsonl.gz'));
  return [
    made('Lhotse recordings', join(dir, 'x_recordings.jsonl'), read, `${JSON.stringify(RECORDING)}\n`),
    made(
      'Lhotse supervisions, packed',
      join(dir, 'x_supervisions.jsonl.gz'),
      read,
      gzipSync(`${JSON.stringify(SUPERVISION)}\n`),
    ),
  ];
}

function made(format: string, path: string, read: FuzzedReader['read'], content: string | Buffer): FuzzedReader {
  writeFileSync(path, content);
  return { format, path, sound: Buffer.from(content), read };
}

function trials(path: string): void {
  const list = readTrialList(path);
  if (!list.isBlind) repeatedTrials(list.trials);
}

function recipe(file: string): Promise<unknown> {
  return loadConfig({ file, registry: createRegistry(builtIns) });
}

function kaldiTables(dir: string): FuzzedReader[] {
  const read = () => [...readKaldiData(dir, { allowPipes: true, warn: () => {} }).utterances];
  return [
    made('wav.scp', join(dir, 'wav.scp'), read, 'ra a.wav\nrb wav.ark:17\nrc cat c.wav |\n'),
    made('segments', join(dir, 'segments'), read, 'a1 ra 0.25 0.75\na2 ra 1.5 2.3 1\nb1 rb 0 -1\n'),
    made('utt2spk', join(dir, 'utt2spk'), read, 'a1 anna\na2 anna\nb1 ben\n'),
    made('spk2gender', join(dir, 'spk2gender'), read, 'anna f\nben m\n'),
  ];
}

async function archives(dir: string): Promise<FuzzedReader[]> {
  const at = (name: string) => join(dir, name);
  const values = (length: number) => Float32Array.from({ length }, (_, i) => i / 4 - 1);
  writeNpy(at('f4.npy'), [3, 4], values(12));
  writeNpy(at('i8.npy'), [5], BigInt64Array.from([1n, 2n, 3n, 4n, 5n]));
  const tensors = { w: { dtype: 'float32' as const, shape: [2, 3], data: values(6) } };
  writeSafetensors(at('x.safetensors'), tensors, { name: 'x' });
  const entries = [
    { key: 'one', value: { shape: [3] as [number], data: values(3) } },
    { key: 'two', value: { shape: [9, 2] as [number, number], data: values(18) } },
  ];
  await writeKaldiArchive(at('binary.ark'), entries, { scp: at('binary.scp') });
  await writeKaldiArchive(at('text.ark'), entries, { text: true });
  await writeKaldiArchive(at('packed.ark'), entries, { compression: 'CM' });
  writeFileSync(at('x.tar'), Buffer.concat([tarMember('a/b.wav', 700), tarMember('a/b.spk', 4), Buffer.alloc(1024)]));
  const kaldi = (path: string) => readKaldi(path, () => {});
  const files: [string, string, FuzzedReader['read']][] = [
    ['npy', 'f4.npy', readNpy],
    ['npy of int64', 'i8.npy', readNpy],
    ['safetensors', 'x.safetensors', readSafetensors],
    ['Kaldi archive, binary', 'binary.ark', kaldi],
    ['Kaldi archive, text', 'text.ark', kaldi],
    ['Kaldi archive, compressed', 'packed.ark', kaldi],
    ['Kaldi index', 'binary.scp', kaldi],
    ['tar', 'x.tar', indexTar],
  ];
  return files.map(([format, name, read]) => ({ format, path: at(name), sound: readFileSync(at(name)), read }));
}

/** A member of a ustar archive, padded to blocks. */
function tarMember(name: string, bytes: number): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0, 'latin1');
  header.write(`${bytes.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
  header.write('0ustar\x0000', 156, 'latin1');
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return Buffer.concat([header, Buffer.alloc(Math.ceil(bytes / 512) * 512, 'x')]);
}
