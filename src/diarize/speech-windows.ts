import type { Span } from './segments.js';

/**
 * Windows over each stretch of speech, evenly spread at most `hopSeconds` apart, so that they reach from its first to its last instant; a
 * stretch that is not longer than a window is one.
 */
export function windowsOf(speech: readonly Span[], windowSeconds: number, hopSeconds: number): Span[] {
  return speech.flatMap(({ startSeconds, endSeconds }) => {
    const room = endSeconds - startSeconds - windowSeconds;
    // Rounding must not add a window where hops fit exactly, nor where the stretch is just as long as a window.
    const steps = Math.ceil(room / hopSeconds - 1e-6);
    if (steps <= 0) return [{ startSeconds, endSeconds }];
    return Array.from({ length: steps + 1 }, (_, i) => {
      const start = startSeconds + (room * i) / steps;
      return { startSeconds: start, endSeconds: start + windowSeconds };
    });
  });
}

/** The stretch that each instant lies in; both in order. */
export function stretchOf(speech: readonly Span[], instants: readonly number[]): Int32Array {
  let stretch = 0;
  return Int32Array.from(instants, (seconds) => {
    while (stretch < speech.length - 1 && seconds > speech[stretch].endSeconds) stretch++;
    return stretch;
  });
}
