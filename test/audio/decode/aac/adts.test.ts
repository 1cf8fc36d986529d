import test from 'ava';
import { readAdts } from '../../../../src/audio/decode/aac/adts.js';
import { UserError } from '../../../../src/errors.js';

/** A frame of so many bytes: 16 kHz, one channel, without a checksum of its own. */
function frame(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes.set([0xff, 0xf1, 0x60, 0x40 | (length >> 11), (length >> 3) & 255, ((length & 7) << 5) | 31, 0xfc]);
  return bytes;
}

const join = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));
const check = (bytes: Uint8Array) => () => readAdts(bytes, 'x.aac');

test('whole frames, and a tag behind them, pass', (t) => {
  t.notThrows(check(join(frame(100), frame(9), frame(2000))));
  t.notThrows(check(join(frame(100), frame(50), Buffer.from('TAG'.padEnd(128)))));
});

test('a frame that breaks off is told with the samples before it', (t) => {
  const bytes = join(frame(100), frame(50), frame(60));
  t.throws(check(bytes.subarray(0, 170)), {
    instanceOf: UserError,
    message: /cut short: it breaks off after 2048 samples/,
  });
});

test('bytes that are no frame, with frames behind them, are told', (t) => {
  const bytes = join(frame(100), Uint8Array.of(1, 2, 3), frame(50), frame(60));
  t.throws(check(bytes), { instanceOf: UserError, message: /behind AAC frame 1 stand 3 bytes that are no frame/ });
});

test('what the headers say, and frames without headers and checksums', (t) => {
  const stream = readAdts(join(frame(100), frame(50)), 'x.aac');
  t.deepEqual(stream.config, { objectType: 2, rateIndex: 8, channelConfig: 1 });
  t.deepEqual(
    stream.frames.map(({ length }) => length),
    [93, 43],
  );
  const withChecksum = frame(100);
  withChecksum[1] = 0xf0;
  t.is(readAdts(join(withChecksum, withChecksum), 'x.aac').frames[1].length, 91);
});

test('frames of several blocks are told apart', (t) => {
  const twoBlocks = frame(100);
  twoBlocks[6] |= 1;
  t.true(readAdts(join(frame(100), frame(50)), 'x.aac').hasSingleBlocks);
  t.false(readAdts(join(frame(100), twoBlocks), 'x.aac').hasSingleBlocks);
});

test('a stream whose rate changes is refused', (t) => {
  const other = frame(60);
  other[2] = 0x50;
  t.throws(check(join(frame(100), other)), {
    instanceOf: UserError,
    message: /rate or channels change in AAC frame 2/,
  });
});
