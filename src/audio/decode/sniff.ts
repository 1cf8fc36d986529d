/** Formats that are decoded here. */
export type Format = 'wav' | 'flac' | 'ogg' | 'mp3' | 'mp4' | 'aac' | 'g722';

/** What the first bytes say: a format we decode, one we know but do not decode, or nothing known. */
export type Sniffed = { format: Format } | { foreign: string } | null;

/** Magic bytes of the containers we meet; an entry with a name instead of a format is known but not decoded. */
const MAGIC: readonly { at: number; text: string; is: Format | { name: string } }[] = [
  { at: 8, text: 'WAVE', is: 'wav' },
  { at: 0, text: 'fLaC', is: 'flac' },
  { at: 0, text: 'OggS', is: 'ogg' },
  { at: 8, text: 'AIFF', is: { name: 'AIFF sound' } },
  { at: 8, text: 'AIFC', is: { name: 'AIFF-C sound' } },
  { at: 4, text: 'ftyp', is: 'mp4' },
  { at: 0, text: 'caff', is: { name: 'a Core Audio container' } },
  { at: 0, text: '.snd', is: { name: 'Sun AU sound' } },
  { at: 0, text: 'NIST_1A', is: { name: 'NIST SPHERE sound' } },
  { at: 0, text: '#!AMR', is: { name: 'AMR sound' } },
  { at: 0, text: 'wvpk', is: { name: 'WavPack sound' } },
  { at: 0, text: 'MAC ', is: { name: "Monkey's Audio" } },
  { at: 0, text: '\x1aE\xdf\xa3', is: { name: 'a WebM or Matroska container' } },
  { at: 0, text: '0&\xb2u', is: { name: 'a Windows Media container' } },
  { at: 8, text: 'AVI ', is: { name: 'an AVI container' } },
];

/** WAV's four outer forms: little-endian, big-endian and the two 64-bit ones. */
const RIFF_FORMS = ['RIFF', 'RIFX', 'RF64', 'BW64'];

/** The bytes as Latin-1 text. */
export function textAt(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}

/**
 * Decides a recording's format by its content. Raw G.722 has no header: it is taken from the name's extension, and only
 * when the content says nothing.
 */
export function sniff(bytes: Uint8Array, name: string): Sniffed {
  const start = endOfId3(bytes);
  const known = MAGIC.find(({ at, text }) => textAt(bytes, start + at, text.length) === text);
  if (known && typeof known.is === 'object') return { foreign: known.is.name };
  if (known?.is === 'wav' && !RIFF_FORMS.includes(textAt(bytes, start, 4))) return null;
  if (known) return { format: known.is as Format };
  if (/\.g722$/i.test(name)) return { format: 'g722' };
  if (isAdts(bytes, start)) return { format: 'aac' };
  return start > 0 || isMpeg(bytes) ? { format: 'mp3' } : null;
}

/** Where the content begins after an ID3v2 tag (size: four groups of seven bits), which MP3 and some FLAC files carry. */
export function endOfId3(bytes: Uint8Array): number {
  if (textAt(bytes, 0, 3) !== 'ID3' || bytes.length < 10) return 0;
  const size = (bytes[6] << 21) | (bytes[7] << 14) | (bytes[8] << 7) | bytes[9];
  const footer = bytes[5] & 0x10 ? 10 : 0;
  return 10 + size + footer;
}

/** AAC in ADTS frames: the MPEG sync word with the layer bits 00, twice in a row. */
function isAdts(bytes: Uint8Array, at: number): boolean {
  const isSync = (i: number) => bytes[i] === 0xff && (bytes[i + 1] & 0xf6) === 0xf0;
  const length = ((bytes[at + 3] & 3) << 11) | (bytes[at + 4] << 3) | (bytes[at + 5] >> 5);
  return isSync(at) && (isSync(at + length) || at + length === bytes.length);
}

/** An MPEG sync word with a layer; mp3.ts checks that frames follow one another. */
function isMpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && (bytes[1] & 0xe0) === 0xe0 && (bytes[1] & 0x06) !== 0;
}
