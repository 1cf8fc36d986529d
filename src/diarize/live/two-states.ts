/** The likeliest path through two states, told as soon as nothing that follows can change it. */
export interface TwoStates {
  /** Frames whose state (0 or 1) is certain now, in order, behind those told before. */
  push(odds: Float32Array): Uint8Array;
  /** The rest. */
  end(): Uint8Array;
}

/**
 * Viterbi's path as `voiceActivity` takes it, for frames that come one after the other: as soon as the best paths to both states share their
 * beginning, it is told.
 * @param cost of a change of state
 * @param mostFrames that are held back; then the better path is told
 */
export function createTwoStates(cost: number, mostFrames: number): TwoStates {
  let [silence, speech] = [0, 0];
  // The state before, of each held frame, for its two states.
  let from: [number, number][] = [];
  /** The path that ends in a state, of the held frames. */
  const path = (end: number) => {
    const states = new Uint8Array(from.length);
    for (let i = from.length - 1, state = end; i >= 0; i--) {
      states[i] = state;
      state = from[i][state];
    }
    return states;
  };
  const better = () => (speech > silence ? 1 : 0);
  const tell = (states: Uint8Array, count: number) => {
    from = from.slice(count);
    return states.slice(0, count);
  };
  return {
    push(odds) {
      for (const odd of odds) {
        from.push([speech - cost > silence ? 1 : 0, silence - cost > speech ? 0 : 1]);
        [silence, speech] = [Math.max(silence, speech - cost), Math.max(speech, silence - cost) + odd];
      }
      // Only their difference matters, and an endless sum would lose its digits.
      [silence, speech] = [0, speech - silence];
      const [quiet, loud] = [path(0), path(1)];
      const parted = quiet.findIndex((state, i) => state !== loud[i]);
      const certain = parted < 0 ? from.length : parted;
      return tell(better() ? loud : quiet, Math.max(certain, from.length - mostFrames));
    },
    end: () => tell(path(better()), from.length),
  };
}
