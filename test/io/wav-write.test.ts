import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { decodeFile } from '../../src/audio/decode/decode.js';
import { toInt16, writeWav16 } from '../../src/io/wav-write.js';

const folder = mkdtempSync(join(tmpdir(), 'voxloop-wav-'));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

test('floats are rounded and saturated', (t) => {
  const samples = Float32Array.of(0, 0.4 / 32768, 0.6 / 32768, -0.6 / 32768, 1, 1.5, -1, -2, Number.POSITIVE_INFINITY);
  t.deepEqual([...toInt16(samples)], [0, 0, 1, -1, 32767, 32767, -32768, -32768, 32767]);
  t.throws(() => toInt16(Float32Array.of(0, Number.NaN)), { message: /Sample 1/ });
});

test('every 16-bit value survives writing, decoding and writing again', async (t) => {
  const values = Int16Array.from({ length: 65536 }, (_, i) => i - 32768);
  const path = join(folder, 'all.wav');
  writeWav16(path, values, 8000);
  const { sampleRateHz, channels } = await decodeFile(path);
  t.is(sampleRateHz, 8000);
  t.deepEqual(toInt16(channels[0]), values);
  writeWav16(path, channels[0], 8000);
  t.deepEqual((await decodeFile(path)).channels, channels);
});
