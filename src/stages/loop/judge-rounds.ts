/** What a round is judged by; no speaker label has a part in it. */
export interface Judgement {
  /** NMI between the pseudo-labels that the round was trained on and those its own embeddings lead to. */
  agreement: number;
  /** Share of the pseudo-labels that the gate believed at the end. */
  kept: number;
  /** EER of crop trials on utterances held out of all rounds. */
  cropEer: number;
}

/** Place in `rounds` of the best one. */
export function bestRound(rounds: readonly Judgement[]): number {
  return rounds.reduce((best, { cropEer }, i) => (cropEer < rounds[best].cropEer ? i : best), 0);
}

/** Whether the last `patience` rounds brought nothing. */
export const isOver = (rounds: readonly Judgement[], patience: number): boolean =>
  rounds.length - 1 - bestRound(rounds) >= patience;
