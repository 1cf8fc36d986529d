import { inspectAudio, loadMono16k } from '../../../audio/decode/decode.js';
import { messageOf } from '../../../errors.js';
import { writeWav16 } from '../../../io/wav-write.js';
import { SAMPLE_RATE_HZ } from '../../../sample-rate.js';
import { serveTasks } from '../../worker-pool.js';
import { limitPeak } from '../channel.js';
import { trimSilence } from '../trim.js';

const MAX_CLIPPED_SHARE = 0.25;

/** Brings the recording `from` to 16 kHz mono and writes it to `to`, whole. */
export interface RecordingTask {
  from: string;
  to: string;
  minSeconds: number;
}

/** The reason for which a recording cannot be used; null where it was written. */
export type Refusal = { kind: string; reason: string } | null;

serveTasks<RecordingTask, Refusal>(async ({ from, to, minSeconds }) => {
  let samples: Float32Array;
  try {
    samples = await loadMono16k(from);
  } catch (error) {
    return { result: { kind: 'unreadable', reason: messageOf(error) } };
  }
  const result = refuse(samples, minSeconds);
  // A failure to write is not the recording's fault, and ends the build.
  if (!result) writeWav16(to, limitPeak(samples), SAMPLE_RATE_HZ);
  return { result };
});

function refuse(samples: Float32Array, minSeconds: number): Refusal {
  const seconds = samples.length / SAMPLE_RATE_HZ;
  if (seconds < minSeconds) {
    return { kind: 'too short', reason: `${seconds.toFixed(2)} s long; at least ${minSeconds} s are needed` };
  }
  const { clippedShare } = inspectAudio(samples);
  if (clippedShare > MAX_CLIPPED_SHARE) {
    return { kind: 'clipped', reason: `${Math.round(100 * clippedShare)} % of its samples are at full scale` };
  }
  if (trimSilence(samples).length === 0) return { kind: 'silent', reason: 'nothing in it is louder than -66 dB' };
  return null;
}
