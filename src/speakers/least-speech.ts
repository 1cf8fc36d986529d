/** Seconds of speech without which nothing is decided about a voice, unless another number is asked for (docs/results.md, "How much speech"). */
export const LEAST_SPEECH_SECONDS = 2;
