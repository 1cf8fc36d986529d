/** Toolkits whose models are read. */
export const FORMATS = [
  'wespeaker',
  '3d-speaker',
  'pyannote',
  'resemblyzer',
  'speechbrain',
  'sslsv',
  'transformers',
] as const;
export type Format = (typeof FORMATS)[number];
