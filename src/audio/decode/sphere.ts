import type { Audio } from './audio.js';
import { damaged, unsupported } from './broken-audio.js';
import { textAt } from './file-start.js';
import { type Coding, decodeStored } from './pcm/stored.js';
import { signedWords } from './pcm/words.js';

/** Two lines of eight bytes stand in front of the fields: the format's name, and how many bytes the header takes. */
const PREAMBLE_BYTES = 16;

/** True at the beginning of a NIST SPHERE file. TIMIT's end in `.wav`. */
export const isSphere = (bytes: Uint8Array, at: number): boolean => textAt(bytes, at, 7) === 'NIST_1A';

/**
 * Decodes a NIST SPHERE file, the form of the speaker recognition evaluations, TIMIT and Switchboard: linear samples of 8 to 32 bits, A-law and
 * mu-law, any number of channels. Those packed with Shorten are not read.
 *
 * @throws UserError when a field is missing, when fewer samples are there than stated, or for another coding
 */
export async function decodeSphere(bytes: Uint8Array, name: string): Promise<Audio> {
  const headerBytes = Number(textAt(bytes, 8, 8));
  if (!(headerBytes >= PREAMBLE_BYTES) || headerBytes > bytes.length) throw damaged(name, 'it ends inside its header');
  const fields = readFields(textAt(bytes, PREAMBLE_BYTES, headerBytes - PREAMBLE_BYTES));
  const number = (field: string, otherwise?: number) => {
    const value = Number(fields.get(field) ?? otherwise ?? Number.NaN);
    if (Number.isInteger(value)) return value;
    throw damaged(name, `its header does not say ${field}`);
  };
  return decodeStored(
    {
      coding: codingOf(fields.get('sample_coding') ?? 'pcm', number('sample_n_bytes', 2), name),
      // "01": the least significant byte stands first.
      littleEndian: fields.get('sample_byte_format') !== '10',
      channels: number('channel_count', 1),
      sampleRateHz: number('sample_rate'),
      data: bytes.subarray(headerBytes),
      statedSamples: fields.has('sample_count') ? number('sample_count') : null,
    },
    name,
  );
}

/** Lines of a name, a type (`-i`, `-r`, or `-s` with a length) and a value, up to `end_head`. */
function readFields(header: string): Map<string, string> {
  const lines = header.split('\n');
  const end = lines.findIndex((line) => line.trim() === 'end_head');
  const matches = lines.slice(0, end < 0 ? undefined : end).map((line) => /^(\S+) +-\S+ +(.*?) *$/.exec(line));
  return new Map(matches.flatMap((match) => (match ? [[match[1], match[2]]] : [])));
}

function codingOf(text: string, bytesPerSample: number, name: string): Coding {
  if (/^(ulaw|mu-law)$/.test(text)) return 'mu-law';
  if (/^(alaw|a-law)$/.test(text)) return 'A-law';
  const words = text === 'pcm' ? signedWords(bytesPerSample) : null;
  if (words) return words;
  throw unsupported(name, `SPHERE sound of ${bytesPerSample} bytes a sample, coded as '${text}'`);
}
