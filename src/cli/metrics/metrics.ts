import type { Command } from 'commander';
import type { EerRule } from '../../eval/detection/eer.js';
import { outputOption } from '../options/output-files.js';
import { commaSeparated, decimal, decimalBetween, invalid, repeated, wholeNumber } from '../options/values.js';
import type { Metrics, MetricsFlags } from './metrics-compute.js';

const RULES: EerRule[] = ['interpolated', 'nearest-max', 'nearest-corner', 'nearest-mean', 'convex-hull'];

const MORE = `
Lines of FILE, in any of these orders (recognised by the first line; labels are target|nontarget or 1|0; a higher score means the same speaker):
  SCORE LABEL                     ENROL TEST LABEL SCORE     ENROL TEST SCORE LABEL
  SCORE LABEL ENROL TEST          LABEL ENROL TEST SCORE
An .npy FILE holds the scores, float32 or float64, and --labels their labels.

EER rules, by what they do where no threshold gives equal rates:
  interpolated    on the line between the two points around the crossing (NIST, WeSpeaker, 3D-Speaker)
  nearest-max     at the point of least |miss - false alarm|, the larger rate (sslsv)
  nearest-corner  the same among the points that scikit-learn's roc_curve keeps by default (voxceleb_trainer)
  nearest-mean    at that point, the mean of the rates (SpeechBrain)
  convex-hull     on the convex hull of the ROC (BOSARIS)

actDCF and Cllr read the scores as natural-log likelihood ratios. Thresholds accept what scores above them; null accepts all.`;

/** `voxloop metrics FILE`: error rates, detection costs and Cllr of scored trials. */
export function register(program: Command): void {
  const choice = program.createOption('--rule <rule>', 'rule of the headline EER').choices(RULES).default(RULES[0]);
  program
    .command('metrics')
    .summary('EER, minDCF, Cllr and thresholds of a file of scores')
    .description('Error rates of scored trials, millions of them in one pass.')
    .argument('<file>', 'file of scores (text or .npy), or - for text from standard input')
    .option('--labels <file>', 'labels of an .npy file of scores: .npy, 1 for a target')
    .option('--columns <list>', 'what the columns hold, e.g. enrol,test,score,label; skip for others')
    .addOption(choice)
    .option('--prior <p>', 'target prior of the detection cost; repeatable (default: 0.01 and 0.05)', repeated(prior))
    .option('--cost-miss <cost>', 'cost of a rejected target', aboveZero, 1)
    .option('--cost-false-alarm <cost>', 'cost of an accepted nontarget', aboveZero, 1)
    .option('--unnormalised', 'do not divide costs by that of the better trivial decision')
    .option('--far <rates>', 'false-accept rates for a table of thresholds, e.g. 0.01,0.001', rates)
    .option(
      '--utterances <file>',
      'manifest.tsv, corpus folder or utt2spk: 95 % intervals by speaker, and columns for --groups',
    )
    .option('--groups <columns>', 'EER by columns of --utterances, e.g. gender,language,seconds', commaSeparated)
    .option(
      '--duration-edges <seconds>',
      "edges of the bins of seconds, of a trial's shorter side (default: 2,5,10)",
      edges,
    )
    .option('--replicates <count>', 'resampled sets of speakers for the intervals', wholeNumber(1), 1000)
    .option('--seed <seed>', 'seed of the resampling', wholeNumber(0), 0)
    .addOption(outputOption(program, '--det <file>', 'write the DET curve: JSON, [{falseAlarm, miss}]'))
    .option('--json', 'print everything as JSON, rates as fractions')
    .addHelpText('after', MORE)
    .action(metrics);
}

async function metrics(file: string, flags: MetricsFlags): Promise<void> {
  const { computeMetrics } = await import('./metrics-compute.js');
  const computed = await computeMetrics(file, flags);
  process.stdout.write(`${flags.json ? JSON.stringify(computed) : await toText(computed)}\n`);
}

async function toText(computed: Metrics): Promise<string> {
  const { metricsText } = await import('./metrics-text.js');
  return metricsText(computed);
}

const prior = decimal('a probability between 0 and 1', (value) => value > 0 && value < 1);

const aboveZero = decimal('a number above 0', (value) => value > 0);

const rates = numbers('numbers from 0 to 1, separated by commas', 0, 1);

/** Numbers from `low` to `high`, separated by commas. */
function numbers(expected: string, low: number, high: number): (text: string) => number[] {
  return (text) => {
    const values = commaSeparated(text).map(decimalBetween(expected, low, high));
    if (values.length > 0) return values;
    throw invalid(expected);
  };
}

function edges(text: string): number[] {
  const expected = 'rising numbers of seconds, separated by commas';
  const values = numbers(expected, 0, Number.MAX_VALUE)(text);
  if (values.every((edge, i) => i === 0 || edge > values[i - 1])) return values;
  throw invalid(expected);
}
