import { UserError } from '../../errors.js';
import { type ErrorIntervals, errorIntervals, numberSpeakers } from '../../eval/detection/bootstrap.js';
import { detCurve } from '../../eval/detection/det.js';
import { type DetectionMetrics, detectionMetrics } from '../../eval/detection/detection-metrics.js';
import type { EerRule } from '../../eval/detection/eer.js';
import type { GroupFigures } from '../../eval/detection/figures.js';
import { groupDurations, groupErrors, groupPairs } from '../../eval/detection/groups.js';
import { type SortedScores, sortInPlace, sortScores } from '../../eval/detection/sorted-scores.js';
import { type NamedScores, type RepeatedTrials, readNamedScores } from '../../eval/score-files/named-scores.js';
import { parseColumns } from '../../eval/score-files/score-columns.js';
import { readScores, type ScoreReading, sourceName } from '../../eval/score-files/scores-file.js';
import { readNpyScores } from '../../eval/score-files/scores-npy.js';
import { readUtteranceTable, type UtteranceTable, valuesOf } from '../../eval/score-files/utterance-table.js';
import { writeFileAtomic } from '../../io/atomic.js';

/** The options of the command. */
export interface MetricsFlags {
  labels?: string;
  columns?: string;
  rule: EerRule;
  prior?: number[];
  costMiss: number;
  costFalseAlarm: number;
  unnormalised?: boolean;
  far?: number[];
  utterances?: string;
  groups?: string[];
  durationEdges?: number[];
  replicates: number;
  seed: number;
  det?: string;
  json?: boolean;
}

/** The figures that the command prints; the last three with --utterances only. */
export interface Metrics extends DetectionMetrics {
  /** 95 % intervals over resampled speakers; null for fewer than three. */
  interval?: ErrorIntervals | null;
  repeated?: RepeatedTrials;
  /** By column, then by the value that both sides share; `seconds` by the bin of the shorter side. */
  groups?: Record<string, Record<string, GroupFigures>>;
}

/** The column of a manifest that is grouped in bins, by the shorter side. */
const DURATION = 'seconds';

/** Reads the scores and computes what the flags ask for. */
export async function computeMetrics(file: string, flags: MetricsFlags): Promise<Metrics> {
  if (flags.groups && !flags.utterances) {
    throw new UserError('--groups needs --utterances: a manifest.tsv (or the corpus folder) with these columns.');
  }
  const { sorted, more } = flags.utterances
    ? await withUtterances(file, flags.utterances, flags)
    : { sorted: await readSorted(file, flags), more: {} };
  if (flags.det) writeFileAtomic(flags.det, JSON.stringify(detCurve(sorted)));
  return { ...detectionMetrics(sorted, metricOptions(flags)), ...more };
}

async function readSorted(file: string, { labels, columns }: MetricsFlags): Promise<SortedScores> {
  if (!file.endsWith('.npy')) {
    if (labels)
      throw new UserError(`--labels belongs to an .npy file of scores; in ${file} labels stand beside the scores.`);
    return sortInPlace(await readScores(file, readingOf(columns)), sourceName(file));
  }
  if (!labels) throw new UserError(`${file} holds no labels. Name their .npy file with --labels.`);
  const { scores, isTarget } = readNpyScores(file, labels);
  return sortScores(scores, isTarget, file);
}

const readingOf = (columns: string | undefined): ScoreReading => ({
  columns: columns === undefined ? null : parseColumns(columns),
  advice: 'name them: --columns enrol,test,score,label',
});

/** Scores with names: what is known about the utterances gives intervals and groups. */
async function withUtterances(file: string, utterances: string, flags: MetricsFlags) {
  if (file.endsWith('.npy')) throw new UserError('--utterances needs the names in a text file of scores.');
  const { repeated, ...named } = await readNamedScores(file, readingOf(flags.columns));
  const table = readUtteranceTable(utterances);
  const sorted = sortScores(named.scores, named.isTarget, sourceName(file));
  const groups = (flags.groups ?? []).map((column) => {
    const values = valuesOf(table, column, named.names);
    const groups =
      column === DURATION
        ? groupDurations(values.map(secondsOf), named.enrolments, named.tests, flags.durationEdges)
        : groupPairs(values, named.enrolments, named.tests);
    return [column, groupErrors(named.scores, named.isTarget, groups, flags.rule)] as const;
  });
  const interval = table.columns.has('speaker') ? { interval: intervals(named, table, flags) } : {};
  return { sorted, more: { ...interval, repeated, ...(groups.length > 0 && { groups: Object.fromEntries(groups) }) } };
}

/** NaN for what is not a number: unknown. */
const secondsOf = (value: string): number => (value === '' ? Number.NaN : Number(value));

function intervals(named: NamedScores, table: UtteranceTable, flags: MetricsFlags): ErrorIntervals | null {
  const speakers = valuesOf(table, 'speaker', named.names);
  const nameless = named.names.filter((_, i) => speakers[i] === '');
  if (nameless.length > 0) {
    throw new UserError(
      `${table.source} names no speaker for ${nameless.length} utterances of the scores (${nameless[0]}, ...): no interval by speaker.`,
    );
  }
  const { isTarget, enrolments, tests } = named;
  const numbered = numberSpeakers(
    isTarget.length,
    (i) => speakers[enrolments[i]],
    (i) => speakers[tests[i]],
  );
  const { priors, ...costs } = metricOptions(flags);
  const points = priors.map((prior) => ({ ...costs, prior }));
  return errorIntervals(named.scores, { isTarget, ...numbered }, flags, points);
}

function metricOptions({ rule, prior, costMiss, costFalseAlarm, unnormalised, far }: MetricsFlags) {
  const priors = prior ?? [0.01, 0.05];
  return { rule, priors, costMiss, costFalseAlarm, normalised: !unnormalised, allowed: far ?? [] };
}
