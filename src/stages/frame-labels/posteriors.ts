import { writeFrameLabels } from '../../data/frame-labels/frame-labels.js';
import { UserError } from '../../errors.js';
import { readKaldi } from '../../io/kaldi/scp.js';
import type { StageContext } from '../../plugin/stage.js';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';
import type { TrainingData } from '../artifacts/corpus-data.js';
import { digestOfUtterances } from '../teacher-outputs/outputs-result.js';
import { type AlignmentOptions, refuseClassNumber } from './alignment-options.js';

/** How far a row of posteriors may be from a sum of 1. */
const SUM_SLACK = 0.02;

/** Labels frames with the posteriors of a frame classifier, rows that sum to 1; they are held as float32 until all are read. */
export async function labelByPosteriors(
  { dir, log }: StageContext,
  { train, manifest }: TrainingData,
  chosen: AlignmentOptions,
  phones: readonly string[] | undefined,
) {
  const { posteriors, shiftMs, slackSeconds, strays } = chosen;
  const places = new Map(train.ids.map((id, i) => [id, i]));
  const inCorpus = new Set(manifest.utterances.map(({ id }) => id));
  const rows: (Float32Array | undefined)[] = train.ids.map(() => undefined);
  let classes = phones?.length;
  const unknown: string[] = [];
  readKaldi(posteriors!, ({ key, value: { shape, data } }) => {
    const place = places.get(key);
    if (place === undefined) {
      if (!inCorpus.has(key)) unknown.push(key);
      return;
    }
    const at = `${posteriors}: '${key}'`;
    const [frames, columns] = matrixShape(at, shape);
    classes ??= columns;
    if (columns !== classes)
      throw new UserError(
        `${at} has posteriors of ${columns} phones, and ${phones ? 'the list of phones has' : 'others have'} ${classes}. ` +
          'Give posteriors of one classifier, and the list of its phones.',
      );
    const seconds = train.samples[place] / SAMPLE_RATE_HZ;
    if ((frames * shiftMs) / 1000 > seconds + slackSeconds)
      throw new UserError(
        `${at} has ${frames} rows, one every ${shiftMs} ms, and its audio has ${seconds.toFixed(2)} s. Give their shiftMs, ` +
          'or the posteriors of this audio.',
      );
    rows[place] = distributions(Float32Array.from(data), columns, at);
  });
  if (unknown.length > 0 && strays === 'refuse')
    throw new UserError(
      `${posteriors}: ${unknown.length} utterances are not in the corpus, such as '${unknown[0]}'. Correct the names, or give strays: leave-out.`,
    );
  const missing = rows.filter((row) => row === undefined).length;
  if (missing === rows.length)
    throw new UserError(
      `${posteriors} holds none of the ${rows.length} training utterances. Name them as the corpus does.`,
    );
  refuseClassNumber(classes!, chosen);
  const names = phones ? Array.from(phones) : Array.from({ length: classes! }, (_, i) => String(i));
  const labelling = { kind: 'shares' as const, names, shiftMs, offsetMs: 0 };
  await writeFrameLabels(
    dir,
    labelling,
    rows.map((row) => row ?? new Float32Array(0)),
  );
  if (missing > 0) log(`${missing} of ${rows.length} utterances have no posteriors`);
  const frames = train.samples.reduce((sum, samples) => sum + (1000 * samples) / SAMPLE_RATE_HZ / shiftMs, 0);
  const held = rows.reduce((sum, row) => sum + (row?.length ?? 0) / classes!, 0);
  const labelled = Math.min(1, held / frames);
  return { ...labelling, utterances: rows.length, corpus: digestOfUtterances(train), labelled };
}

/** Frames and classes. @throws UserError for a vector */
function matrixShape(at: string, shape: readonly number[]): readonly number[] {
  if (shape.length === 2) return shape;
  throw new UserError(
    `${at} is a vector of ${shape[0]} numbers, and posteriors are a matrix, [frames, classes]. Give such an archive.`,
  );
}

/** Rows that sum to 1. @throws UserError for one that does not, such as logarithms */
function distributions(values: Float32Array, classes: number, at: string): Float32Array {
  for (let from = 0; from < values.length; from += classes) {
    const row = values.subarray(from, from + classes);
    const sum = row.reduce((total, value) => total + value, 0);
    if (row.some((value) => !(value >= 0)) || Math.abs(sum - 1) > SUM_SLACK)
      throw new UserError(
        `${at}: row ${from / classes} sums to ${sum.toPrecision(3)}: these are no posteriors. Give probabilities, not their logarithms.`,
      );
    row.forEach((value, i) => {
      row[i] = value / sum;
    });
  }
  return values;
}
