import { writeWav16 } from '../../../io/wav-write.js';
import { createRng } from '../../../random.js';
import { SAMPLE_RATE_HZ } from '../../../sample-rate.js';
import { serveTasks } from '../../worker-pool.js';
import { speak } from './voice/speak.js';

/** Makes one utterance of a made-up voice and writes it to `file`. */
export interface VoiceTask {
  file: string;
  seed: number;
  /** Numbers of the voice and of its utterance. */
  voice: number;
  utterance: number;
  seconds: number;
}

serveTasks<VoiceTask, null>(async ({ file, seed, voice, utterance, seconds }) => {
  const rng = createRng(seed);
  const name = `${voice}/${utterance}`;
  writeWav16(file, speak(rng.fork('voice').fork(voice), rng.fork('utterance').fork(name), seconds), SAMPLE_RATE_HZ);
  return { result: null };
});
