import { mixToMono } from '../audio/decode/audio.js';
import { textAt } from '../audio/decode/file-start.js';
import { resample } from '../audio/decode/resample.js';
import { decodeWav } from '../audio/decode/wav/wav.js';
import { SAMPLE_RATE_HZ } from '../sample-rate.js';

/**
 * A WAV file as 16 kHz mono samples, the same that the command line reads: browsers scale and resample in ways of their own. null for any
 * other file, and for encodings whose decoder the page does not have; these are left to the browser.
 */
export async function samplesOfWav(bytes: Uint8Array): Promise<Float32Array | null> {
  if (textAt(bytes, 8, 4) !== 'WAVE') return null;
  try {
    const { sampleRateHz, channels } = await decodeWav(bytes, 'the recording');
    return resample(mixToMono(channels), sampleRateHz, SAMPLE_RATE_HZ);
  } catch {
    return null;
  }
}
