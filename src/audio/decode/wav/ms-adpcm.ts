/** Bytes of a channel's part of a block's header: the predictor's number, the step, and two samples. */
const HEADER_BYTES = 7;

/** Coefficients that every file has in front of its own (Microsoft, "Multimedia Data Standards Update", 1994), in parts of 256. */
const COEFFICIENTS = [256, 0, 512, -256, 0, 0, 192, 64, 240, 0, 460, -208, 392, -232];

/** By what the step is multiplied after each code, in parts of 256. */
const STEP_FACTORS = [230, 230, 230, 230, 307, 409, 512, 614, 768, 614, 512, 409, 307, 230, 230, 230];

const SMALLEST_STEP = 16;

/** Samples of one channel in so many bytes: two in a block's header, and one in every further half byte. The last block may be short. */
export function msAdpcmSamples(bytes: number, blockBytes: number, channels: number): number {
  const whole = Math.floor(bytes / blockBytes);
  return whole * samplesInBlock(blockBytes, channels) + samplesInBlock(bytes - whole * blockBytes, channels);
}

function samplesInBlock(bytes: number, channels: number): number {
  const codes = bytes - HEADER_BYTES * channels;
  return codes < 0 ? 0 : 2 + Math.floor((2 * codes) / channels);
}

/**
 * Decodes the Microsoft ADPCM of WAV files (encoding 2), of one or two channels, to interleaved 16-bit samples.
 *
 * @param data blocks: predictors of all channels, their steps, their second and their first samples, then codes of half a byte, the upper half first
 * @param coefficients pairs in parts of 256, as the fmt chunk lists them; the standard's own where it lists none
 */
export function decodeMsAdpcm(
  data: Uint8Array,
  blockBytes: number,
  channels: number,
  coefficients: readonly number[] = COEFFICIENTS,
): Int16Array {
  const samples = new Int16Array(msAdpcmSamples(data.length, blockBytes, channels) * channels);
  for (let start = 0, at = 0; start < data.length; start += blockBytes) {
    const block = data.subarray(start, start + blockBytes);
    const out = samples.subarray(at, at + samplesInBlock(block.length, channels) * channels);
    for (let c = 0; c < channels && out.length > 0; c++) decodeChannel(block, out, c, channels, coefficients);
    at += out.length;
  }
  return samples;
}

function decodeChannel(
  block: Uint8Array,
  out: Int16Array,
  channel: number,
  channels: number,
  coefficients: readonly number[],
): void {
  const word = (field: number) => {
    const at = channels + 2 * (field * channels + channel);
    return ((block[at] | (block[at + 1] << 8)) << 16) >> 16;
  };
  const predictor = 2 * Math.min(block[channel], coefficients.length / 2 - 1);
  const [first, second] = [coefficients[predictor], coefficients[predictor + 1]];
  let step = word(0);
  let [last, before] = [word(1), word(2)];
  out[channel] = before;
  out[channel + channels] = last;
  for (let at = channel + 2 * channels; at < out.length; at += channels) {
    const n = at - 2 * channels;
    const byte = block[HEADER_BYTES * channels + (n >> 1)];
    const code = n & 1 ? byte & 15 : byte >> 4;
    const predicted = (last * first + before * second) >> 8;
    const value = predicted + ((code << 28) >> 28) * step;
    before = last;
    last = Math.max(-32768, Math.min(32767, value));
    step = Math.max(SMALLEST_STEP, (step * STEP_FACTORS[code]) >> 8);
    out[at] = last;
  }
}
