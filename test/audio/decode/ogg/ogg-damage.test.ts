import test from 'ava';
import { decodeBytes } from '../../../../src/audio/decode/decode.js';
import { oggCrc } from '../../../../src/audio/decode/ogg/ogg-crc.js';
import { bytesOf } from '../recordings.js';

/** Offsets of the pages of a sound file. */
function pagesOf(bytes: Uint8Array): number[] {
  const buffer = Buffer.from(bytes);
  const pages: number[] = [];
  for (let at = buffer.indexOf('OggS'); at >= 0; at = buffer.indexOf('OggS', at + 4)) pages.push(at);
  return pages;
}

for (const name of ['opus.opus', 'vorbis.ogg', 'flac-in-ogg.oga']) {
  test(`a flipped bit in any page of ${name} is told`, async (t) => {
    const original = bytesOf(name);
    for (const page of pagesOf(original)) {
      const bytes = original.slice();
      bytes[page + 40] ^= 4;
      await t.throwsAsync(decodeBytes(bytes, name), { message: new RegExp(`damaged: its Ogg page at byte ${page} `) });
    }
  });

  test(`bytes between the pages of ${name} are stepped over`, async (t) => {
    const original = bytesOf(name);
    const at = pagesOf(original)[1];
    const bytes = Buffer.concat([original.subarray(0, at), Buffer.from('not OggS'), original.subarray(at)]);
    t.deepEqual((await decodeBytes(bytes, name)).channels, (await decodeBytes(original, name)).channels);
  });
}

test('a page whose beginning is overwritten is missed', async (t) => {
  const bytes = bytesOf('vorbis.ogg');
  const pages = pagesOf(bytes);
  t.true(pages.length > 2);
  bytes[pages[1]] = 0;
  await t.throwsAsync(decodeBytes(bytes, 'x.ogg'), { message: /one is missing there/ });
});

test('positions that cannot be leave all of an Opus stream', async (t) => {
  const original = bytesOf('opus.opus');
  const right = (await decodeBytes(original, 'x.opus')).channels[0];
  for (const granule of [0n, 1n, 100n]) {
    const bytes = Buffer.from(original);
    for (const at of pagesOf(original).slice(2)) {
      bytes.writeBigInt64LE(granule, at + 6);
      const lacing = bytes.subarray(at + 27, at + 27 + bytes[at + 26]);
      const end = lacing.reduce((sum, length) => sum + length, at + 27 + lacing.length);
      bytes.writeUInt32LE(oggCrc(bytes.subarray(at, end)), at + 22);
    }
    const found = (await decodeBytes(bytes, 'x.opus')).channels[0];
    t.true(found.length >= right.length && found.length < right.length + 5760);
    t.deepEqual(found.slice(0, right.length), right);
  }
});
