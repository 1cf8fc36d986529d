import type { Round } from './round.js';

/** Rounds are judged by crop trials alone; no speaker label has a part in it. */
type Judgement = Pick<Round, 'cropEer'>;

/** Index of the best round. */
export function bestRound(rounds: readonly Judgement[]): number {
  return rounds.reduce((best, { cropEer }, i) => (cropEer < rounds[best].cropEer ? i : best), 0);
}

/** True once the last `patience` rounds brought no better one. */
export const isOver = (rounds: readonly Judgement[], patience: number): boolean =>
  rounds.length - 1 - bestRound(rounds) >= patience;
