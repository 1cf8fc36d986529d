import { join } from 'node:path';
import { z } from 'zod';
import type { Artifact } from '../../plugin/stage.js';
import type { Band, Report } from '../../report/report.js';
import { readReference, referenceFault } from '../../train/guard/reference-curve.js';
import { type MetricsLine, readMetrics } from '../../train/metrics-log.js';
import { gateHistogram, gateShares } from './gate-charts.js';

type Training = { name: string; artifact: Artifact }[];

/** Loss curves, entropies and gate histograms of training stages, from what they left in their folders. */
export function trainingCharts(training: Training): Pick<Report, 'losses' | 'entropies' | 'gates' | 'shares'> {
  return {
    losses: training.map(({ name, artifact }) => ({
      title: name,
      curves: [curve('loss', readMetrics(metricsOf(artifact)), 'loss')],
      band: bandOf(artifact),
    })),
    entropies: training.flatMap(({ name, artifact }) => entropyChart(name, artifact)),
    gates: training.flatMap(({ name, artifact }) => gateHistogram(name, artifact)),
    shares: training.flatMap(({ name, artifact }) => gateShares(name, artifact)),
  };
}

const metricsOf = ({ dir }: Artifact): string => join(dir, 'metrics.jsonl');

const curve = (name: string, lines: MetricsLine[], key: string) => ({
  name,
  x: lines.map(({ step }) => step),
  y: lines.map((line) => line[key]),
});

const compared = z.object({ reference: z.object({ name: z.string() }) });

/** The losses of the reference that a stage was compared with. */
function bandOf({ result }: Artifact): Band | undefined {
  const parsed = compared.safeParse(result);
  if (!parsed.success || referenceFault(parsed.data.reference.name)) return undefined;
  const { recipe, seeds, ends, signals } = readReference(parsed.data.reference.name);
  if (!signals.loss) return undefined;
  // A stretch is drawn at its middle.
  const x = ends.map((end, i) => (end + (ends[i - 1] ?? 0)) / 2);
  return { name: `the range of ${seeds.length} runs of ${recipe}`, x, low: signals.loss.low, high: signals.loss.high };
}

const collapsing = z.object({ collapse: z.array(z.object({ step: z.number(), message: z.string() })) });

/** What the collapse guards of training stages said, a line each. */
export const collapseNotes = (training: Training): string[] =>
  training.flatMap(({ name, artifact }) => {
    const { data } = collapsing.safeParse(artifact.result);
    return (data?.collapse ?? []).map(({ step, message }) => `${name}, step ${step}: ${message}`);
  });

/** Methods with a softmax output log its entropies and size; the others have no such chart. */
function entropyChart(name: string, artifact: Artifact): NonNullable<Report['entropies']> {
  const lines = readMetrics(metricsOf(artifact));
  const classes = lines[0]?.outputs;
  if (classes === undefined || lines[0].teacherEntropy === undefined) return [];
  const curves = [curve('teacher', lines, 'teacherEntropy'), curve('student', lines, 'studentEntropy')];
  return [{ title: name, curves, classes }];
}
