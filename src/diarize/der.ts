import { bestMatching } from '../eval/best-matching.js';
import { joinSpans, type Segment, type Span, spansBySpeaker } from './segments.js';

export interface DerOptions {
  /** Seconds left out on each side of every boundary of the reference, as in md-eval. */
  collarSeconds: number;
  /** Leave out where the reference has several speakers at once. */
  skipOverlap: boolean;
}

/** Diarization errors in seconds of speaker time; add them up over recordings before dividing. */
export interface DiarizationError {
  /** Scored speech of the reference: where two speak, time counts twice. */
  speech: number;
  missed: number;
  falseAlarm: number;
  /** Speech given to the wrong speaker, by the one-to-one mapping of speakers that is best over the scored time. */
  confusion: number;
}

/** Times are whole microseconds: sums are exact, and boundaries that are written alike are alike. */
const MICRO = 1e6;

/**
 * Diarization error of one recording by the rules of NIST's md-eval: missed speech, false alarms and confusion in each stretch of time
 * between two boundaries, (max(ref, hyp) - correct) x its length, less the collars (NIST RT-09 evaluation plan, section 6). Segments of the
 * same speaker that touch or overlap are one.
 */
export function diarizationError(
  reference: readonly Segment[],
  hypothesis: readonly Segment[],
  { collarSeconds, skipOverlap }: DerOptions,
): DiarizationError {
  const ref = [...spansBySpeaker(reference).values()];
  const hyp = [...spansBySpeaker(hypothesis).values()];
  const collars = joinSpans(
    ref.flat().flatMap(({ startSeconds, endSeconds }) => [around(startSeconds), around(endSeconds)]),
  );
  function around(seconds: number): Span {
    return { startSeconds: seconds - collarSeconds, endSeconds: seconds + collarSeconds };
  }
  const sum = { speech: 0, missed: 0, falseAlarm: 0, possible: 0 };
  const together = ref.map(() => new Map<number, number>());
  sweep([...ref, ...hyp, collars], (length, active) => {
    const unscored = active.has(ref.length + hyp.length);
    const refs = [...active].filter((line) => line < ref.length);
    if (unscored || (skipOverlap && refs.length > 1)) return;
    const hyps = [...active].filter((line) => line >= ref.length);
    sum.speech += length * refs.length;
    sum.missed += length * Math.max(0, refs.length - hyps.length);
    sum.falseAlarm += length * Math.max(0, hyps.length - refs.length);
    sum.possible += length * Math.min(refs.length, hyps.length);
    for (const row of refs) {
      for (const line of hyps)
        together[row].set(line - ref.length, (together[row].get(line - ref.length) ?? 0) + length);
    }
  });
  const confusion = sum.possible - bestMatching(together);
  const [speech, missed, falseAlarm] = [sum.speech, sum.missed, sum.falseAlarm].map((micros) => micros / MICRO);
  return { speech, missed, falseAlarm, confusion: confusion / MICRO };
}

/** Calls `visit` with every stretch of time in microseconds between two boundaries and the lines that are active in it. */
function sweep(lines: readonly Span[][], visit: (length: number, active: ReadonlySet<number>) => void): void {
  const events = lines.flatMap((spans, line) =>
    spans.flatMap(({ startSeconds, endSeconds }) => [
      { at: Math.round(startSeconds * MICRO), line, begins: true },
      { at: Math.round(endSeconds * MICRO), line, begins: false },
    ]),
  );
  // Spans of a line do not touch, so the order of events at one time does not matter.
  events.sort((a, b) => a.at - b.at);
  const active = new Set<number>();
  let from = 0;
  for (const { at, line, begins } of events) {
    if (at > from && active.size > 0) visit(at - from, active);
    from = at;
    if (begins) active.add(line);
    else active.delete(line);
  }
}

/** The sum of errors over recordings. */
export function addErrors(errors: readonly DiarizationError[]): DiarizationError {
  const sum = { speech: 0, missed: 0, falseAlarm: 0, confusion: 0 };
  for (const error of errors) {
    for (const part of Object.keys(sum) as (keyof DiarizationError)[]) sum[part] += error[part];
  }
  return sum;
}

/** The diarization error rate; NaN without speech in the reference and without errors, else infinite without speech. */
export const errorRate = ({ speech, missed, falseAlarm, confusion }: DiarizationError): number =>
  (missed + falseAlarm + confusion) / speech;
