import test from 'ava';
import { decodeBytes } from '../../../../src/audio/decode/decode.js';
import { oggCrc } from '../../../../src/audio/decode/ogg/ogg-crc.js';
import { mendOgg } from '../../../../src/data/corpus/debian/mend-ogg.js';
import { bytesOf } from '../../../audio/decode/recordings.js';

const whole = Buffer.from(bytesOf('vorbis.ogg'));
const lastPage = whole.lastIndexOf('OggS');

/** The file as an encoder leaves it that stopped within a packet: 300 more bytes of one on the last page, no end mark. */
function unfinished(): Buffer {
  const [header, rest] = [Buffer.from(whole.subarray(lastPage, lastPage + 27)), whole.subarray(lastPage + 27)];
  const lacing = rest.subarray(0, header[26]);
  const body = rest.subarray(header[26]);
  header[5] &= ~4;
  header[26] += 1;
  const page = Buffer.concat([header, lacing, Buffer.of(255), body, Buffer.alloc(255, 7)]);
  page.writeUInt32LE(oggCrc(page), 22);
  return Buffer.concat([whole.subarray(0, lastPage), page]);
}

test('an open packet is taken off, the page marked as the last and its checksum mended', async (t) => {
  const broken = unfinished();
  await t.throwsAsync(decodeBytes(broken, 'x.ogg'), { message: /cut short/ });
  t.true(Buffer.from(mendOgg(broken)).equals(whole));
});

test('a page with nothing but a piece of a packet goes as a whole', async (t) => {
  const page = Buffer.concat([whole.subarray(lastPage, lastPage + 26), Buffer.of(1, 255), Buffer.alloc(255, 7)]);
  const mended = mendOgg(Buffer.concat([whole, page]));
  t.is(mended.length, whole.length);
  t.is((await decodeBytes(mended, 'x.ogg')).channels[0].length, 8000);
});

test('what has no open packet stays the same', (t) => {
  t.is(mendOgg(whole), whole);
  for (const bytes of [Buffer.alloc(0), Buffer.from('OggS'), Buffer.from('RIFF and so on'), whole.subarray(0, 40)]) {
    t.is(mendOgg(bytes), bytes);
  }
});
