import { loadMono16k } from '../../audio/decode/decode.js';
import { openPartDecoder } from '../audio-part.js';
import { serveTasks } from '../worker-pool.js';
import type { DecodeTask } from './decode.js';
import { toPcm16 } from './pcm16.js';

const decodePart = openPartDecoder();

serveTasks(async ({ path, part }: DecodeTask) => {
  const result = toPcm16(part ? await decodePart(path, part) : await loadMono16k(path));
  return { result, transfer: [result.buffer] };
});
