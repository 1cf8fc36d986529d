import { loadMono16k } from '../audio/decode.js';
import { openPartDecoder } from './audio-part.js';
import type { DecodeTask } from './shard-decode.js';
import { toPcm16 } from './shard-pcm16.js';
import { serveTasks } from './worker-pool.js';

const decodePart = openPartDecoder();

serveTasks(async ({ path, part }: DecodeTask) => {
  const result = toPcm16(part ? await decodePart(path, part) : await loadMono16k(path));
  return { result, transfer: [result.buffer] };
});
