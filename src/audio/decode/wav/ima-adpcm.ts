/** Change of the step index by each code (IMA Digital Audio Focus and Technical Working Groups, "Recommended Practices", 1992). */
const INDEX_MOVES = [-1, -1, -1, -1, 2, 4, 6, 8];

/** The 89 step sizes; each is 1.1 times the one before. */
// biome-ignore format: a table of numbers reads best in rows
const STEPS = Int16Array.of(
  7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73, 80, 88, 97, 107, 118,
  130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449, 494, 544, 598, 658, 724, 796, 876, 963, 1060, 1166,
  1282, 1411, 1552, 1707, 1878, 2066, 2272, 2499, 2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894, 6484, 7132, 7845,
  8630, 9493, 10442, 11487, 12635, 13899, 15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794, 32767,
);

/** Samples of one channel in so many bytes. A block holds one in its header and two in every further byte; the last may be short. */
export function imaSamples(bytes: number, blockBytes: number, channels: number): number {
  const whole = Math.floor(bytes / blockBytes);
  return whole * samplesInBlock(blockBytes, channels) + samplesInBlock(bytes - whole * blockBytes, channels);
}

function samplesInBlock(bytes: number, channels: number): number {
  return Math.max(0, Math.floor(bytes / channels / 4 - 1) * 8 + 1);
}

/**
 * Decodes the IMA ADPCM of WAV files (encoding 0x11), any number of channels, to interleaved 16-bit samples. (The `wavefile`
 * package repeats the first sample of each block, drops the last block and knows one channel only.)
 *
 * @param data blocks: a 4-byte header for each channel, then groups of 4 bytes (8 samples) for each channel in turn
 */
export function decodeImaAdpcm(data: Uint8Array, blockBytes: number, channels: number): Int16Array {
  const samples = new Int16Array(imaSamples(data.length, blockBytes, channels) * channels);
  for (let start = 0, at = 0; start < data.length; start += blockBytes) {
    const block = data.subarray(start, start + blockBytes);
    const out = samples.subarray(at, at + samplesInBlock(block.length, channels) * channels);
    for (let c = 0; c < channels && out.length > 0; c++) decodeChannel(block, out, c, channels);
    at += out.length;
  }
  return samples;
}

function decodeChannel(block: Uint8Array, out: Int16Array, channel: number, channels: number): void {
  const header = 4 * channel;
  let value = ((block[header] | (block[header + 1] << 8)) << 16) >> 16;
  let index = Math.min(88, block[header + 2]);
  out[channel] = value;
  for (let at = channel + channels, n = 0; at < out.length; at += channels, n++) {
    const group = (n >> 3) * 4 * channels;
    const byte = block[4 * channels + group + header + ((n & 7) >> 1)];
    const code = n & 1 ? byte >> 4 : byte & 15;
    const step = STEPS[index];
    let difference = step >> 3;
    if (code & 4) difference += step;
    if (code & 2) difference += step >> 1;
    if (code & 1) difference += step >> 2;
    value = Math.max(-32768, Math.min(32767, code & 8 ? value - difference : value + difference));
    index = Math.max(0, Math.min(88, index + INDEX_MOVES[code & 7]));
    out[at] = value;
  }
}
