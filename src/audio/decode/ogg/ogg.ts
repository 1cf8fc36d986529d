import { type Audio, mixToMono } from '../audio.js';
import { cutShort, damaged, unsupported, withoutConsole } from '../broken-audio.js';
import { decodeForeign } from '../ffmpeg.js';
import { textAt } from '../file-start.js';
import { decodeOggFlac } from '../flac/flac.js';
import { type OggLink, readOgg } from './ogg-pages.js';
import { decodeOpus } from './opus.js';

/** Codecs by the first bytes of a link's first packet; null means known but not decoded. */
const CODECS: readonly {
  magic: string;
  name: string;
  decode: ((link: OggLink, name: string) => Promise<Audio>) | null;
}[] = [
  { magic: 'OpusHead', name: 'Opus', decode: decodeOpus },
  { magic: '\x01vorbis', name: 'Vorbis', decode: decodeVorbis },
  { magic: '\x7fFLAC', name: 'FLAC', decode: decodeOggFlac },
  { magic: 'Speex   ', name: 'Speex', decode: decodeSpeex },
  { magic: '\x80theora', name: 'Theora', decode: null },
];

/**
 * Decodes an Ogg file with Opus, Vorbis or FLAC in it, or with ffmpeg's help Speex; the links of a chained file follow one another.
 *
 * @throws UserError when the file ends inside a page, packets do not decode, or the content is something else.
 */
export async function decodeOgg(bytes: Uint8Array, name: string): Promise<Audio> {
  const { links, isCutShort, isMultiplexed, damagedAt } = readOgg(bytes);
  if (damagedAt !== null) {
    throw damaged(name, `its Ogg page at byte ${damagedAt} does not hold its checksum, or one is missing there`);
  }
  if (isCutShort) throw cutShort(name, links.at(-1)?.lastGranule ?? 0, null);
  if (isMultiplexed) throw unsupported(name, 'several interleaved Ogg streams');
  if (links.length === 0) throw damaged(name, 'its first Ogg page is missing');
  const parts: Audio[] = [];
  for (const link of links) parts.push(await codecOf(link, name)(link, name));
  return joined(parts, name);
}

function codecOf(link: OggLink, name: string): (link: OggLink, name: string) => Promise<Audio> {
  const first = link.packets[0] ?? new Uint8Array();
  const codec = CODECS.find(({ magic }) => textAt(first, 0, magic.length) === magic);
  if (!codec?.decode) throw unsupported(name, codec ? `${codec.name} in Ogg` : 'an Ogg stream of an unknown codec');
  return codec.decode;
}

function decodeSpeex(link: OggLink, name: string): Promise<Audio> {
  return decodeForeign(link.bytes, name, 'Speex in Ogg', 'ogg');
}

async function decodeVorbis(link: OggLink, name: string): Promise<Audio> {
  const { OggVorbisDecoder } = await import('@wasm-audio-decoders/ogg-vorbis');
  const decoder = new OggVorbisDecoder();
  await decoder.ready;
  try {
    const { channelData, sampleRate, errors } = await withoutConsole(() => decoder.decodeFile(link.bytes));
    if (errors.length > 0) throw damaged(name, `${errors.length} Vorbis packets do not decode (${errors[0].message})`);
    return { sampleRateHz: sampleRate, channels: channelData };
  } finally {
    decoder.free();
  }
}

/** Links one after the other; where they differ in their number of channels, each is mixed down first. */
function joined(parts: Audio[], name: string): Audio {
  const [{ sampleRateHz, channels: first }, ...rest] = parts;
  if (rest.length === 0) return parts[0];
  if (rest.some((part) => part.sampleRateHz !== sampleRateHz)) {
    throw unsupported(name, 'a chain of recordings with different sampling rates');
  }
  const alike = rest.every(({ channels }) => channels.length === first.length);
  const links = parts.map(({ channels }) => (alike ? channels : [mixToMono(channels)]));
  return { sampleRateHz, channels: links[0].map((_, c) => concat(links.map((channels) => channels[c]))) };
}

function concat(pieces: Float32Array[]): Float32Array {
  const whole = new Float32Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
