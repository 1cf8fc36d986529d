import { generateNoise } from '../../audio/augment/generated-noise.js';
import { drawRoom, roomResponse } from '../../audio/augment/room.js';
import { alignResponse } from '../../audio/augment/room-align.js';
import { loadMono16k } from '../../audio/decode/decode.js';
import { createRng } from '../../random.js';
import { toPcm16 } from '../shards/pcm16.js';

/** One recording or room response for a bank: read from a file, or made. */
export type BankTask =
  | { make: 'recording'; path: string }
  | { make: 'noise'; seed: string; samples: number }
  | { make: 'measured room'; path: string; taps: number }
  | { make: 'simulated room'; seed: string; taps: number; rt60Seconds: [number, number] };

/** int16 samples of a recording, float32 taps of a room. */
export async function performBankTask(task: BankTask): Promise<Int16Array<ArrayBuffer> | Float32Array<ArrayBuffer>> {
  switch (task.make) {
    case 'recording':
      return toPcm16(await loadMono16k(task.path));
    case 'noise':
      return toPcm16(generateNoise(createRng(task.seed), task.samples));
    case 'measured room':
      return alignResponse(await loadMono16k(task.path), task.taps);
    case 'simulated room': {
      // The direct path takes up to 30 ms, which are cut off again.
      const room = drawRoom(createRng(task.seed), task.rt60Seconds);
      return alignResponse(roomResponse(room, task.taps + 512), task.taps);
    }
  }
}
