import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { readNamedVectors, refuseForeignNames } from '../../src/data/named-vectors.js';
import { UserError } from '../../src/errors.js';
import { writeNpy } from '../../src/io/npy.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

test('vectors are read by name, from an array with a table or a Kaldi archive', (t) => {
  const dir = temporaryFolder(t);
  const file = join(dir, 'faces.npy');
  writeNpy(file, [2, 3], Float32Array.of(1, 2, 3, 4, 5, 6));
  writeFileSync(join(dir, 'faces.tsv'), 'name\tpath\nb\tb.png\na\ta.png\n');
  const { size, names, vectorOf } = readNamedVectors(file);
  t.is(size, 3);
  t.deepEqual(names, ['b', 'a']);
  t.deepEqual(vectorOf('a'), Float32Array.of(4, 5, 6));
  t.is(vectorOf('c'), undefined);
  const archive = join(dir, 'faces.ark');
  writeFileSync(archive, 'a [ 4 5 6 ]\n');
  t.deepEqual(readNamedVectors(archive).vectorOf('a'), Float32Array.of(4, 5, 6));
  t.throws(() => refuseForeignNames(file, readNamedVectors(file), ['x', 'y']), {
    instanceOf: UserError,
    message: /names no training utterance of the corpus: its first name is 'b', and the corpus' first is 'x'/,
  });
  t.notThrows(() => refuseForeignNames(file, readNamedVectors(file), ['x', 'a']));
});

test('vectors that do not fit their table, or nothing, are refused', (t) => {
  const dir = temporaryFolder(t);
  const file = join(dir, 'faces.npy');
  const refused = (table: string | null, values: Float32Array, message: RegExp, shape = [2, 2]) => {
    writeNpy(file, shape, values);
    if (table !== null) writeFileSync(join(dir, 'faces.tsv'), table);
    t.throws(() => readNamedVectors(file), { instanceOf: UserError, message });
  };
  const values = Float32Array.of(1, 2, 3, 4);
  refused(null, values, /faces\.tsv is not there/);
  refused('id\na\nb\n', values, /begins with "id", and its first column must be `name`/);
  refused('name\na\n', values, /names 1 rows, and .*faces\.npy has 2/);
  refused('name\na\na\n', values, /'a' comes twice/);
  refused('name\na\nb\n', Float32Array.of(1, 2, 0, 0), /the vector of 'b' is zero or not finite/);
  refused('name\na\nb\n', Float32Array.of(Number.NaN, 2, 1, 0), /the vector of 'a' is zero or not finite/);
  refused('name\na\nb\n', values, /must hold a float32 matrix/, [4]);
  t.throws(() => readNamedVectors(join(dir, 'faces.csv')), {
    instanceOf: UserError,
    message: /\.npy .*\.scp or \.ark/,
  });
});
