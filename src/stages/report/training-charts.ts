import { join } from 'node:path';
import type { Artifact } from '../../plugin/stage.js';
import type { Band, Report } from '../../report/report.js';
import { readReference, referenceFault } from '../../train/guard/reference-curve.js';
import { type MetricsLine, readMetrics } from '../../train/metrics-log.js';
import { pretrainResult } from '../pretrain/result.js';
import { gateHistogram, gateShares } from './gate-charts.js';
import type { Training } from './trainings.js';

/** Loss curves, entropies and gate histograms of training stages, from what they left in their folders. */
export function trainingCharts(
  trainings: readonly Training[],
): Pick<Report, 'losses' | 'entropies' | 'gates' | 'shares'> {
  return {
    losses: trainings.map(({ name, artifact }) => ({
      title: name,
      curves: [curve('loss', readMetrics(metricsOf(artifact)), 'loss')],
      band: bandOf(artifact),
    })),
    entropies: trainings.flatMap(({ name, artifact }) => entropyChart(name, artifact)),
    gates: trainings.flatMap(({ name, artifact }) => gateHistogram(name, artifact)),
    shares: trainings.flatMap(({ name, artifact }) => gateShares(name, artifact)),
  };
}

const metricsOf = ({ dir }: Artifact): string => join(dir, 'metrics.jsonl');

const curve = (name: string, lines: MetricsLine[], key: string) => ({
  name,
  x: lines.map(({ step }) => step),
  y: lines.map((line) => line[key]),
});

const compared = pretrainResult.pick({ reference: true });

/** The losses of the reference that a stage was compared with. */
function bandOf({ result }: Artifact): Band | undefined {
  const name = compared.safeParse(result).data?.reference?.name;
  if (name === undefined || referenceFault(name)) return undefined;
  const { recipe, seeds, ends, signals } = readReference(name);
  if (!signals.loss) return undefined;
  // The mean of a stretch is drawn at its middle.
  const x = ends.map((end, i) => (end + (ends[i - 1] ?? 0)) / 2);
  return { name: `the range of ${seeds.length} runs of ${recipe}`, x, low: signals.loss.low, high: signals.loss.high };
}

const guarded = pretrainResult.pick({ collapse: true });

/** The suspicions of the collapse guards of training stages, a line each. */
export const collapseNotes = (trainings: readonly Training[]): string[] =>
  trainings.flatMap(({ name, artifact }) => {
    const { data } = guarded.safeParse(artifact.result);
    return (data?.collapse ?? []).map(({ step, message }) => `${name}, step ${step}: ${message}`);
  });

/** A chart for methods with a softmax output, which log its entropies and size. */
function entropyChart(name: string, artifact: Artifact): NonNullable<Report['entropies']> {
  const lines = readMetrics(metricsOf(artifact));
  const classes = lines[0]?.outputs;
  if (classes === undefined || lines[0].teacherEntropy === undefined) return [];
  const curves = [curve('teacher', lines, 'teacherEntropy'), curve('student', lines, 'studentEntropy')];
  return [{ title: name, curves, classes }];
}
