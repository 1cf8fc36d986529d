import { adtsFrameBytes, isAdtsHeader } from './aac/adts.js';
import { isAiff } from './aiff.js';
import { isAu } from './au.js';
import type { Audio } from './audio.js';
import { endOfId3, textAt } from './file-start.js';
import { isSphere } from './sphere.js';
import { isWave64 } from './wav/wave64-chunks.js';

/** Decodes a whole file, without ID3 tags in front; `name` stands for it in messages. */
export type Decoder = (bytes: Uint8Array, name: string) => Audio | Promise<Audio>;

/** A format that is decoded: everything that the rest of the program knows of it. */
export interface AudioFormat {
  /** As messages list it. */
  name: string;
  /** Extensions that corpora look for, in lower case, without the dot. */
  extensions: readonly string[];
  /** Recognises a file by its bytes, of which `start` follow an ID3 tag, or by its name where the format has no header. */
  matches(bytes: Uint8Array, start: number, name: string): boolean;
  /** The container by ffmpeg's name, which then decodes the encodings that the decoder does not read. */
  ffmpeg?: string;
  /** Imports the decoder when the first file of the format is met. */
  load(): Promise<Decoder>;
}

/** WAV's four outer forms: little-endian, big-endian and the two 64-bit ones. */
const RIFF_FORMS = ['RIFF', 'RIFX', 'RF64', 'BW64'];

/** Formats with a header of their own. To add a format: a row here (or below), and a file with its decoder. */
const WITH_HEADER: readonly AudioFormat[] = [
  {
    name: 'WAV',
    ffmpeg: 'wav',
    extensions: ['wav', 'wave'],
    matches: (bytes, start) => textAt(bytes, start + 8, 4) === 'WAVE' && RIFF_FORMS.includes(textAt(bytes, start, 4)),
    load: async () => (await import('./wav/wav.js')).decodeWav,
  },
  {
    name: 'Sony Wave64',
    ffmpeg: 'w64',
    extensions: ['w64'],
    matches: isWave64,
    load: async () => (await import('./wav/wav.js')).decodeWave64,
  },
  {
    name: 'AIFF',
    ffmpeg: 'aiff',
    extensions: ['aif', 'aifc', 'aiff'],
    matches: isAiff,
    load: async () => (await import('./aiff.js')).decodeAiff,
  },
  {
    name: 'Sun AU',
    ffmpeg: 'au',
    extensions: ['au', 'snd'],
    matches: isAu,
    load: async () => (await import('./au.js')).decodeAu,
  },
  {
    name: 'NIST SPHERE',
    ffmpeg: 'nistsphere',
    extensions: ['sph'],
    matches: isSphere,
    load: async () => (await import('./sphere.js')).decodeSphere,
  },
  {
    name: 'FLAC',
    extensions: ['flac'],
    matches: (bytes, start) => textAt(bytes, start, 4) === 'fLaC',
    load: async () => (await import('./flac/flac.js')).decodeFlac,
  },
  {
    name: 'Ogg (Opus, Vorbis or FLAC)',
    extensions: ['oga', 'ogg', 'opus'],
    matches: (bytes, start) => textAt(bytes, start, 4) === 'OggS',
    load: async () => (await import('./ogg/ogg.js')).decodeOgg,
  },
  {
    name: 'M4A',
    extensions: ['m4a'],
    matches: (bytes, start) => textAt(bytes, start + 4, 4) === 'ftyp',
    load: async () => (await import('./aac/mp4.js')).decodeMp4,
  },
];

/** Formats that the name or the frames alone give away; they are tried last, in this order. */
const WITHOUT_HEADER: readonly AudioFormat[] = [
  {
    name: 'G.722 (.g722)',
    extensions: ['g722'],
    matches: (_bytes, _start, name) => /\.g722$/i.test(name),
    load: async () => (await import('./g722/g722.js')).decodeG722File,
  },
  {
    name: 'AAC',
    extensions: ['aac'],
    matches: isAdts,
    load: async () => (await import('./aac/mp4.js')).decodeAdts,
  },
  {
    name: 'MP3',
    extensions: ['mp2', 'mp3'],
    matches: (bytes, start) => start > 0 || isMpeg(bytes),
    load: async () => (await import('./mpeg/mp3.js')).decodeMp3,
  },
];

/** Formats that voxloop recognises and leaves to ffmpeg, by what stands at a place of their beginning. */
const WITH_FFMPEG: readonly AudioFormat[] = [
  foreign({
    at: 0,
    magic: '\x1aE\xdf\xa3',
    name: 'WebM or Matroska',
    ffmpeg: 'matroska',
    extensions: ['mka', 'weba', 'webm'],
  }),
  foreign({ at: 0, magic: '#!AMR', name: 'AMR', ffmpeg: 'amr', extensions: ['amr', 'awb'] }),
  foreign({ at: 0, magic: 'caff', name: 'Core Audio', ffmpeg: 'caf', extensions: ['caf'] }),
  foreign({ at: 0, magic: '0&\xb2u', name: 'Windows Media', ffmpeg: 'asf', extensions: ['wma'] }),
  foreign({ at: 0, magic: 'wvpk', name: 'WavPack', ffmpeg: 'wv', extensions: ['wv'] }),
  foreign({ at: 0, magic: 'TTA1', name: 'True Audio', ffmpeg: 'tta', extensions: ['tta'] }),
  foreign({ at: 0, magic: 'MAC ', name: "Monkey's Audio", ffmpeg: 'ape', extensions: ['ape'] }),
  foreign({ at: 0, magic: 'ajkg', name: 'Shorten', ffmpeg: 'shn', extensions: ['shn'] }),
  foreign({ at: 0, magic: 'Creative Voice File', name: 'Creative Voice', ffmpeg: 'voc', extensions: ['voc'] }),
  foreign({ at: 0, magic: 'FLV\x01', name: 'Flash video', ffmpeg: 'flv', extensions: [] }),
  foreign({ at: 8, magic: 'AVI ', name: 'AVI', ffmpeg: 'avi', extensions: [] }),
];

/** Containers that are recognised, so that messages can name them, and that nothing here decodes. */
const UNREADABLE: readonly { at: number; magic: string; name: string }[] = [
  { at: 0, magic: '\x02#!SILK', name: 'SILK sound' },
  { at: 0, magic: '#!SILK', name: 'SILK sound' },
];

interface ForeignFormat {
  at: number;
  magic: string;
  name: string;
  /** The container by ffmpeg's name. */
  ffmpeg: string;
  extensions: readonly string[];
}

function foreign({ at, magic, name, ffmpeg, extensions }: ForeignFormat): AudioFormat {
  return {
    name,
    extensions,
    matches: (bytes, start) => textAt(bytes, start + at, magic.length) === magic,
    load: async () => {
      const { decodeForeign } = await import('./ffmpeg.js');
      return (bytes, file) => decodeForeign(bytes, file, `${name} sound`, ffmpeg);
    },
  };
}

const OWN_FORMATS = [...WITH_HEADER, ...WITHOUT_HEADER];

/** The formats for messages: "WAV, FLAC, ... and MP3, and with ffmpeg on the PATH ...". */
export const formatNames: string = [OWN_FORMATS, WITH_FFMPEG]
  .map((formats) => new Intl.ListFormat('en-GB').format(formats.map(({ name }) => name)))
  .join(', and with ffmpeg on the PATH ');

/** Extensions of all formats, sorted: the files that a corpus is made of where nothing else is asked. */
export const audioExtensions: readonly string[] = OWN_FORMATS.concat(WITH_FFMPEG)
  .flatMap(({ extensions }) => extensions)
  .sort();

/**
 * Recognises a recording's format by its content. Raw G.722 has no header: it is taken from the name's extension, and only when no
 * header says otherwise.
 * @returns the format, the name of one that is not decoded, or null
 */
export function recognise(bytes: Uint8Array, name: string): AudioFormat | { unreadable: string } | null {
  const start = endOfId3(bytes);
  const matching = ({ matches }: AudioFormat) => matches(bytes, start, name);
  const headed = WITH_HEADER.find(matching) ?? WITH_FFMPEG.find(matching);
  if (headed) return headed;
  const unreadable = UNREADABLE.find(({ at, magic }) => textAt(bytes, start + at, magic.length) === magic);
  if (unreadable) return { unreadable: unreadable.name };
  return WITHOUT_HEADER.find(matching) ?? null;
}

/** AAC in ADTS frames: the MPEG sync word with the layer bits 00, twice in a row. */
function isAdts(bytes: Uint8Array, at: number): boolean {
  const end = at + adtsFrameBytes(bytes, at);
  return isAdtsHeader(bytes, at) && (isAdtsHeader(bytes, end) || end === bytes.length);
}

/** An MPEG sync word with a layer; mp3.ts checks that frames follow one another. */
function isMpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && (bytes[1] & 0xe0) === 0xe0 && (bytes[1] & 0x06) !== 0;
}
