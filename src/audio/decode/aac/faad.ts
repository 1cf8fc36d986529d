import { messageOf } from '../../../errors.js';
import type { Audio } from '../audio.js';
import { damaged } from '../broken-audio.js';
import { isUpperHalfEmpty } from '../upper-half.js';
import type { AdtsConfig, AdtsStream } from './adts.js';

type Faad = typeof import('@audio/decode-aac');
let loading: Promise<Faad | null> | undefined;

/** FAAD2 in WebAssembly, an optional package; null where it is not installed. It is a choice of its own because its licence is the GPL. */
export function loadFaad(): Promise<Faad | null> {
  loading ??= import('@audio/decode-aac').catch(() => null);
  return loading;
}

/** Null for a file without a track that FAAD2 could decode. @throws UserError when the sound does not decode */
export async function decodeMp4WithFaad(
  { default: decode }: Faad,
  bytes: Uint8Array,
  name: string,
): Promise<Audio | null> {
  const decoded = await decode(bytes).catch((error: unknown) => {
    if (/^(No AAC|AAC init)/.test(messageOf(error))) return null;
    throw damaged(name, messageOf(error));
  });
  return decoded && soundOf(decoded, name);
}

/**
 * Null for a form of ADTS of which FAAD2 would skip a part. A rate of at most 24 kHz may be half of what is meant: in HE-AAC the frames
 * bring the upper half of the spectrum along (spectral band replication), and no header says so. FAAD2 then assumes it
 * and doubles the rate; where that half turns out to be empty, the sound is decoded at its own rate.
 * @throws UserError when the sound does not decode
 */
export async function decodeAdtsWithFaad(
  faad: Faad,
  bytes: Uint8Array,
  { config, frames, hasSingleBlocks }: AdtsStream,
  name: string,
): Promise<Audio | null> {
  if (!hasSingleBlocks) return null;
  // The first frame lists the channels, and FAAD2 takes the list from nowhere else.
  if (config.channelConfig === 0) return decodeMp4WithFaad(faad, bytes, name);
  const assumed = await decodeFrames(faad, frames, configBytes(config), name);
  if (config.rateIndex < FIRST_DOUBLED_INDEX || !isUpperHalfEmpty(assumed.channels)) return assumed;
  return decodeFrames(faad, frames, configBytes(config, NO_BAND_REPLICATION), name);
}

/** 24 kHz and below. */
const FIRST_DOUBLED_INDEX = 6;
/** The extension 0x2b7 of an AudioSpecificConfig: object type 5 (band replication), not present. */
const NO_BAND_REPLICATION = [0x56, 0xe5, 0x00];

/** An AudioSpecificConfig (ISO/IEC 14496-3, section 1.6.2.1). */
function configBytes(
  { objectType, rateIndex, channelConfig }: AdtsConfig,
  extension: readonly number[] = [],
): Uint8Array {
  const bits = (objectType << 11) | (rateIndex << 7) | (channelConfig << 3);
  return Uint8Array.from([bits >> 8, bits & 255].concat(extension));
}

async function decodeFrames({ decoder }: Faad, frames: Uint8Array[], asc: Uint8Array, name: string): Promise<Audio> {
  const open = await decoder({ asc }).catch((error: unknown) => {
    throw damaged(name, messageOf(error));
  });
  try {
    return soundOf(open.decode(frames), name);
  } finally {
    open.free();
  }
}

type Decoded = Awaited<ReturnType<Faad['default']>>;

function soundOf(decoded: Decoded, name: string): Audio {
  // The count of frames without sound is in the result and not in its type. FAAD2 keeps the first, the encoder's delay, to itself.
  const { channelData, sampleRate, errors = 0 } = decoded as Decoded & { errors?: number };
  if (errors > 1) throw damaged(name, `${errors - 1} AAC frames do not decode`);
  if (channelData.length === 0 || !(sampleRate > 0)) throw damaged(name, 'no AAC sound is found in it');
  return { sampleRateHz: sampleRate, channels: channelData };
}
