import type { Session } from '../../engine/session/session.js';
import type { Tensor } from '../../engine/tf.js';
import { float32 } from '../../host-tensor.js';
import { type FactorOptions, type FactorState, type Factors, fitFactors, type StatisticsBlock } from './fit-factors.js';
import { factorPosterior } from './posterior.js';

/** The utterances that factors are learned from, by speaker. */
export interface SpeakerRows {
  gaussians: number;
  dimensions: number;
  /** The numbers of each speaker's utterances. */
  speakers: readonly Int32Array[];
  /** Statistics of some utterances, in this order. */
  read(numbers: ArrayLike<number>): StatisticsBlock;
}

type Fit = Pick<FactorOptions, 'iterations' | 'minimumDivergence' | 'seed' | 'progress' | 'signal' | 'from' | 'keep'>;

/** Utterances that are read at once. */
const PIECE = 64;

/**
 * The eigenvoices V of joint factor analysis without its residual, M = m + V y + U x: as the factors of speakers, each of which is the
 * sum of its utterances' statistics.
 *
 * P. Kenny, G. Boulianne, P. Ouellet, P. Dumouchel, "Joint factor analysis versus eigenchannels in speaker recognition", IEEE Transactions
 * on Audio, Speech, and Language Processing 2007.
 */
export function fitEigenvoices(session: Session, rows: SpeakerRows, rank: number, fit: Fit): Promise<FactorState> {
  const { speakers, gaussians, dimensions } = rows;
  const read = (from: number, count: number) => pooled(rows, from, count);
  return fitFactors(session, { rows: speakers.length, gaussians, dimensions, read }, { ...fit, name: 'voices', rank });
}

/** The eigenchannels U: the factors of utterances, about what each speaker's factors `voices` explain. */
export async function fitEigenchannels(
  session: Session,
  rows: SpeakerRows,
  voices: Factors & { rank: number },
  rank: number,
  fit: Fit,
): Promise<FactorState> {
  const { gaussians, dimensions, speakers } = rows;
  const factorsOf = await speakerFactors(session, rows, voices);
  const numbers = speakers.flatMap((own, speaker) => Array.from(own, (number) => ({ number, speaker })));
  const read = (from: number, count: number): StatisticsBlock => {
    const block = numbers.slice(from, from + count);
    const known = new Float32Array(count * voices.rank);
    block.forEach(({ speaker }, i) => {
      known.set(factorsOf.subarray(speaker * voices.rank, (speaker + 1) * voices.rank), i * voices.rank);
    });
    return { ...rows.read(block.map(({ number }) => number)), known };
  };
  return fitFactors(
    session,
    { rows: numbers.length, gaussians, dimensions, read },
    { ...fit, name: 'channels', rank, known: voices, offset: voices.offset },
  );
}

/** The posterior mean of every speaker's factors, out of all of its utterances. // [speakers, rank] */
async function speakerFactors(
  session: Session,
  rows: SpeakerRows,
  { factors, offset, rank }: Factors & { rank: number },
): Promise<Float32Array> {
  const { gaussians, dimensions, speakers } = rows;
  const compiled = session.compile('speakers', (inputs: Record<string, Tensor>) => ({
    w: factorPosterior(
      { counts: inputs.counts, sums: inputs.sums },
      { factors: inputs.factors, offset: inputs.offset },
    ),
  }));
  const all = new Float32Array(speakers.length * rank);
  for (let from = 0; from < speakers.length; from += PIECE) {
    const count = Math.min(PIECE, speakers.length - from);
    const { counts, sums } = pooled(rows, from, count);
    const { w } = await compiled({
      counts: float32(counts, [count, gaussians]),
      sums: float32(sums, [count, gaussians, dimensions]),
      factors: float32(factors, [gaussians * dimensions, rank]),
      offset: float32(offset, [gaussians, dimensions]),
    });
    all.set(w.data as Float32Array, from * rank);
  }
  return all;
}

/** The sums over the utterances of some speakers. */
function pooled({ gaussians, dimensions, speakers, read }: SpeakerRows, from: number, count: number): StatisticsBlock {
  const width = gaussians * dimensions;
  const [counts, sums] = [new Float32Array(count * gaussians), new Float32Array(count * width)];
  for (let speaker = 0; speaker < count; speaker++) {
    const numbers = speakers[from + speaker];
    for (let at = 0; at < numbers.length; at += PIECE) {
      const block = read(numbers.subarray(at, at + PIECE));
      addRows(counts, speaker * gaussians, block.counts, gaussians);
      addRows(sums, speaker * width, block.sums, width);
    }
  }
  return { counts, sums };
}

function addRows(into: Float32Array, at: number, rows: Float32Array, size: number): void {
  for (let i = 0; i < rows.length; i++) into[at + (i % size)] += rows[i];
}
