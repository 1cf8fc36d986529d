import { SAMPLE_RATE_HZ } from '../sample-rate.js';

/** Windows over a recording, in seconds. */
export interface Windows {
  windowSeconds: number;
  hopSeconds: number;
}

/** A part of a recording, in samples at 16 kHz. */
export interface Piece {
  start: number;
  samples: number;
}

/**
 * The pieces of a recording of `length` samples to embed: all of it; or its windows, all of one length. The last window ends where the
 * recording ends, so that no hop up to a window's length leaves a sample out; a recording shorter than a window is one piece.
 */
export function piecesOfLength(length: number, windows?: Windows): Piece[] {
  if (!windows) return [{ start: 0, samples: length }];
  const samples = Math.round(windows.windowSeconds * SAMPLE_RATE_HZ);
  const hop = Math.max(1, Math.round(windows.hopSeconds * SAMPLE_RATE_HZ));
  if (length <= samples) return [{ start: 0, samples: length }];
  const pieces: Piece[] = [];
  for (let start = 0; start + samples <= length; start += hop) pieces.push({ start, samples });
  const last = length - samples;
  if (pieces[pieces.length - 1].start < last) pieces.push({ start: last, samples });
  return pieces;
}
