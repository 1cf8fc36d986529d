import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { metadataOfFile } from '../../../src/embed/onnx/metadata-of-file.js';
import { readOnnxModel } from '../../../src/embed/onnx/onnx-model.js';
import { UserError } from '../../../src/errors.js';
import { message, nested, text } from '../../../src/io/protobuf/message.js';
import { exportDescription as description, writeEmptyOnnx as writeOnnx } from '../../helpers/networks/empty-onnx.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

test('metadata are found wherever they stand among the fields of a file, beyond its weights', (t) => {
  const dir = temporaryFolder(t);
  const entry = (key: string, value: string) => nested(14, message(text(1, key), text(2, value)));
  const weights = nested(7, new Uint8Array(300_000));
  const { pieces } = message(entry('first', 'ä'.repeat(100)), weights, text(3, '1'), entry('last', ''));
  writeFileSync(join(dir, 'a.onnx'), Buffer.concat(pieces));
  t.deepEqual(metadataOfFile(join(dir, 'a.onnx')), { first: 'ä'.repeat(100), last: '' });
});

test('what an export says of itself is read back', (t) => {
  const dir = temporaryFolder(t);
  const model = readOnnxModel(writeOnnx(join(dir, 'a.onnx'), { voxloop: JSON.stringify(description) }));
  t.deepEqual(model.mean, Float32Array.of(1, -2));
  t.is(model.minFrames, 3);
  t.deepEqual(model.identity(), { name: 'test (tdnn, 2)', digest: 'a'.repeat(64) });
  t.deepEqual(model.weightsIdentity(), { name: 'test (tdnn, 2)', digest: 'b'.repeat(64) });
});

test('other files and exports for other uses are refused, with what to do', (t) => {
  const dir = temporaryFolder(t);
  const path = join(dir, 'a.onnx');
  const refused = (expected: RegExp) =>
    t.throws(() => readOnnxModel(path), { instanceOf: UserError, message: expected });
  refused(/does not exist/);
  writeFileSync(path, 'RIFF and then some text that is no message');
  refused(/not an ONNX file, or it is cut short/);
  for (const content of ['', new Uint8Array(100_000)]) {
    writeFileSync(path, content);
    refused(/not an ONNX file/);
  }
  const whole = readFileSync(writeOnnx(path, { voxloop: JSON.stringify(description) }));
  writeFileSync(path, whole.subarray(0, whole.length - 5));
  refused(/cut short/);
  writeOnnx(path, { framework: 'wespeaker' });
  refused(/does not say which features .* `voxloop export` did not write it.*voxloop import/);
  for (const [change, expected] of [
    [{ format: 'voxloop-onnx-2' }, /not an export that this version of voxloop reads: .*format/s],
    [{ hears: 'otherwise' }, /hears recordings otherwise: otherwise instead of speech at/],
    [{ input: 'wave' }, /exported with --input wave/],
    [{ subtractsMean: true }, /exported with --subtract-mean/],
  ] as const) {
    writeOnnx(path, { voxloop: JSON.stringify({ ...description, ...change }) });
    refused(expected);
  }
});
