import { defineAugmentation, dropChunkOptions, dropChunks, forSome, z } from '../index.js';

/** Gaps. */
export default defineAugmentation({
  name: 'drop-chunk',
  summary: "Silences pieces of crops, as SpeechBrain's DropChunk.",
  options: dropChunkOptions.extend({ probability: z.number().min(0).max(1).default(1) }),
  apply: (wave, { name, options }) =>
    forSome(wave, options.probability, (rows, part) => dropChunks(rows, options, part), name),
});
