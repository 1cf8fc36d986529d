/** Toolkits whose models are read. */
export const FORMATS = [
  'wespeaker',
  '3d-speaker',
  'pyannote',
  'resemblyzer',
  'speechbrain',
  'sslsv',
  'transformers',
  'fairseq',
] as const;
export type Format = (typeof FORMATS)[number];
