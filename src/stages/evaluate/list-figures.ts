import { join } from 'node:path';
import { detOfTrials, evaluateScores } from '../../eval/detection/evaluate.js';
import { UNCALIBRATED } from '../../eval/detection/figures.js';
import { writeScores } from '../../eval/score-files/scores-file.js';
import { writeFileAtomic } from '../../io/atomic.js';
import type { TestList } from '../artifacts/corpus-data.js';

/**
 * The figures of scored trials, as in results.json.
 * @param scores [trials]
 * @param isCalibrated whether the scores are natural-log likelihood ratios, so that actDCF and Cllr mean something
 */
export function figuresOf(list: TestList, scores: Float32Array, isCalibrated = false) {
  const evaluation = evaluateScores(scores, list.trials, { speakers: list.speakers });
  return { ...evaluation, ...(isCalibrated ? {} : UNCALIBRATED) };
}

/** Keeps scores and DET curve of the headline rule, for the report. */
export function keepScores(dir: string, list: TestList, scores: Float32Array): void {
  writeScores(join(dir, `${list.name}.scores.txt`), scores, list.trials);
  writeFileAtomic(join(dir, `${list.name}.det.json`), JSON.stringify(detOfTrials(scores, list.trials)));
}
