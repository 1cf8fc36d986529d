/** What there is to learn from. */
export interface Material {
  recordings: number;
  seconds: number;
}

/** The sizes of a training. */
export interface TrainingSizes {
  steps: number;
  rounds: number;
  epochs: number;
  /** Of everything from pretraining to the report. */
  seconds: number;
}

/** With fewer recordings there is no batch in which one is to be told from others, and no round can hold any out. */
export const LEAST_RECORDINGS = 20;
/** Longer recordings are cut into equal parts (`mostSeconds` of the filter): a talk of an hour holds several voices, or one for long. */
export const LONGEST_PART_SECONDS = 15;
const LARGEST_BATCH = 64;
/** A cluster that is worth a class has about this many recordings. */
const RECORDINGS_A_CLUSTER = 4;
const MOST_CLUSTERS = 2000;
/** More is not known to help: docs/results.md has the best results after 24 epochs of SimCLR, and rounds of 12. */
const MOST_EPOCHS = { pretraining: 100, round: 12 };
const LEAST_STEPS = 20;
const MOST_ROUNDS = 5;
/** Seconds of audio in a step, for each utterance of its batch: two crops of 1.5 s, there and back (a forward pass is a third). */
const STEP_AUDIO_SECONDS = 3 * 2 * 1.5;
/** Seconds of audio that a round's crop trials embed. */
const TRIAL_AUDIO_SECONDS = 32 * 32 * 2 * 1.5;

/** Channels of the network: 128 learn half an hour of speech within minutes (docs/results.md, Methods); more audio fills more. */
export function widthFor({ seconds }: Material): number {
  const hours = seconds / 3600;
  return hours < 2 ? 128 : hours < 20 ? 256 : 512;
}

/** Utterances in a batch, a power of two: at most half of them all, so that batches differ. */
export function batchFor({ recordings }: Material): number {
  return Math.min(LARGEST_BATCH, 2 ** Math.floor(Math.log2(recordings / 2)));
}

/** The numbers of clusters among which is chosen. */
export function clustersFor({ recordings }: Material): { from: number; to: number } {
  return { from: 2, to: Math.min(MOST_CLUSTERS, Math.max(2, Math.floor(recordings / RECORDINGS_A_CLUSTER))) };
}

/**
 * Steps, rounds and epochs that take about `budgetSeconds`: half of it goes to pretraining, half to the rounds, whose steps take about
 * as long. Never less than makes a training at all, so little time may be exceeded: `seconds` says by how much.
 */
export function trainingFor(
  { recordings, seconds }: Material,
  { batchSize, stepSeconds, budgetSeconds }: { batchSize: number; stepSeconds: number; budgetSeconds: number },
): TrainingSizes {
  const secondsToHear = (audio: number) => (audio * stepSeconds) / (batchSize * STEP_AUDIO_SECONDS);
  const besides = (rounds: number) =>
    (rounds + 3) * secondsToHear(seconds) + rounds * secondsToHear(TRIAL_AUDIO_SECONDS);
  const available = Math.max(budgetSeconds - besides(MOST_ROUNDS), budgetSeconds / 3);
  const epochSteps = Math.max(1, Math.floor(recordings / batchSize));
  const mostSteps = MOST_EPOCHS.pretraining * epochSteps;
  const steps = clamp(Math.round(available / 2 / stepSeconds), LEAST_STEPS, Math.max(LEAST_STEPS, mostSteps));
  const roundSteps = Math.max(1, Math.floor((0.9 * recordings) / batchSize));
  const affordable = Math.floor((available - steps * stepSeconds) / (roundSteps * stepSeconds));
  const rounds = clamp(Math.floor(affordable / MOST_EPOCHS.round), 1, MOST_ROUNDS);
  const epochs = clamp(Math.floor(affordable / rounds), 2, MOST_EPOCHS.round);
  return { steps, rounds, epochs, seconds: (steps + rounds * epochs * roundSteps) * stepSeconds + besides(rounds) };
}

/** The epochs in which the gate opens and correction begins, in the proportions of the twelve epochs of configs/demo.yaml. */
export const gateEpochs = (epochs: number) => ({
  gateFromEpoch: Math.max(1, Math.round(epochs / 6)),
  correctionFromEpoch: Math.max(1, Math.round((2 * epochs) / 3)),
});

const clamp = (value: number, least: number, most: number): number => Math.min(Math.max(value, least), most);
