import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { UserError } from '../../src/errors.js';
import { readKaldiEmbeddings } from '../../src/io/kaldi/scp.js';
import { writeNpy } from '../../src/io/npy.js';
import { checkEmbeddingNames, type EmbeddingRow, embeddingWriter } from '../../src/speakers/write-embeddings.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { SIZE, unitOf } from './units.js';

const rowOf = (name: string, startSeconds = 0, window = false): EmbeddingRow => ({
  name,
  path: `dir/${name}.wav`,
  startSeconds,
  seconds: 1.5,
  window,
  vector: unitOf(`${name} ${startSeconds}`),
});

async function* each(rows: EmbeddingRow[]) {
  yield* rows;
}

const rows = [rowOf('a'), rowOf('b'), rowOf('c d')];

test('.npy: the bytes that writeNpy gives, and a table of names', async (t) => {
  const dir = temporaryFolder(t);
  const [path, other] = [join(dir, 'x.npy'), join(dir, 'other.npy')];
  t.deepEqual(await embeddingWriter(path)(each(rows), SIZE), [path, join(dir, 'x.tsv')]);
  writeNpy(other, [3, SIZE], Float32Array.from(rows.flatMap(({ vector }) => [...vector])));
  t.deepEqual(readFileSync(path), readFileSync(other));
  t.is(
    readFileSync(join(dir, 'x.tsv'), 'utf8'),
    'name\tpath\tstart\tseconds\na\tdir/a.wav\t0\t1.5\nb\tdir/b.wav\t0\t1.5\nc d\tdir/c d.wav\t0\t1.5\n',
  );
});

test('.jsonl: an object a line, every float32 exact', async (t) => {
  const path = join(temporaryFolder(t), 'new', 'x.jsonl');
  t.deepEqual(await embeddingWriter(path)(each(rows), SIZE), [path]);
  const lines = readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.deepEqual(
    lines.map(({ name, start }) => [name, start]),
    [
      ['a', 0],
      ['b', 0],
      ['c d', 0],
    ],
  );
  for (const [i, { embedding }] of lines.entries()) t.deepEqual(Float32Array.from(embedding), rows[i].vector);
});

test('.ark: an archive and its index; windows are named by their ends', async (t) => {
  const dir = temporaryFolder(t);
  const windows = [rowOf('a', 0, true), rowOf('a', 0.75, true), rowOf('b')];
  t.deepEqual(await embeddingWriter(join(dir, 'x.ark'))(each(windows), SIZE), [join(dir, 'x.ark'), join(dir, 'x.scp')]);
  for (const file of ['x.ark', 'x.scp']) {
    const found = readKaldiEmbeddings(join(dir, file));
    t.deepEqual(found.names, ['a-00000000-00001500', 'a-00000750-00002250', 'b']);
    t.deepEqual(found.vectors, Float32Array.from(windows.flatMap(({ vector }) => [...vector])));
  }
});

test('where the rows end in an error nothing is left; a name or an extension that cannot be written is refused', async (t) => {
  const dir = temporaryFolder(t);
  async function* failing() {
    yield rows[0];
    throw new Error('no more');
  }
  for (const name of ['x.npy', 'x.jsonl', 'x.ark']) {
    await t.throwsAsync(embeddingWriter(join(dir, name))(failing(), SIZE), { message: 'no more' });
  }
  await t.throwsAsync(embeddingWriter(join(dir, 'y.npy'))(each([rowOf('a\tb')]), SIZE), { instanceOf: UserError });
  await t.throwsAsync(embeddingWriter(join(dir, 'y.ark'))(each([rowOf('a b')]), SIZE), { instanceOf: UserError });
  t.deepEqual(readdirSync(dir), []);
  t.throws(() => embeddingWriter('x.csv'), { instanceOf: UserError, message: /\.npy, \.jsonl or \.ark/ });
});

test('names that a format cannot hold are refused before anything is computed', (t) => {
  t.throws(() => checkEmbeddingNames('x.ark', ['a', 'b c']), {
    instanceOf: UserError,
    message: /"b c" contains white space/,
  });
  t.throws(() => checkEmbeddingNames('x.npy', ['a\tb']), { instanceOf: UserError, message: /a tab or a line end/ });
  t.notThrows(() => checkEmbeddingNames('x.npy', ['a b']));
  t.notThrows(() => checkEmbeddingNames('x.jsonl', ['a\tb', 'c d']));
  t.notThrows(() => checkEmbeddingNames('-', ['a\tb']));
});
