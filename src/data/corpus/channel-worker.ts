import { loadMono16k } from '../../audio/decode/decode.js';
import { writeWav16 } from '../../io/wav-write.js';
import { createRng } from '../../random.js';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';
import { serveTasks } from '../worker-pool.js';
import { applyChannel } from './channel.js';

/** Makes the channel form of an utterance: reads the file `clean`, writes the file `channel`. */
export interface ChannelTask {
  clean: string;
  channel: string;
  seed: number;
}

serveTasks<ChannelTask, null>(async ({ clean, channel, seed }) => {
  writeWav16(channel, applyChannel(await loadMono16k(clean), createRng(seed)), SAMPLE_RATE_HZ);
  return { result: null };
});
