/**
 * The network that hears overlapping speech: convolutions over time, each followed by a rectifier and batch normalisation, and one
 * number a frame. Together they see 83 frames.
 */
export const CONTEXTS = [
  { kernel: 5, dilation: 1 },
  { kernel: 3, dilation: 3 },
  { kernel: 3, dilation: 9 },
  { kernel: 3, dilation: 27 },
] as const;

/** The network's names of its layers, in order. */
export const layerName = (i: number): string => `layer${i + 1}`;
