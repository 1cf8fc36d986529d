import type { Command } from 'commander';
import { UserError } from '../errors.js';
import type { Calibration } from '../speakers/calibration.js';
import { addDeviceOptions, addPluginOption, type ModelOptions } from './options/model-options.js';
import { decimal, decimalBetween } from './options/values.js';

interface CalibrateOptions extends ModelOptions {
  model: string;
  enrollModel?: string;
  scores?: string;
  trials?: string;
  root?: string;
  crops?: string;
  cropSeconds: number;
  prior: number;
  raw?: boolean;
  few?: boolean;
  json?: boolean;
}

/** `voxloop calibrate`: thresholds and log-likelihood ratios for a model's scores. */
export function register(program: Command): void {
  const command = program
    .command('calibrate')
    .summary("measure a model's thresholds and log-likelihood ratios")
    .description(
      'Fits a calibration of the cosines of a model on labelled trials and writes it to calibration.json in the model folder: scale ' +
        'and offset to log-likelihood ratios (logistic regression), and the thresholds for 10, 1 and 0.1 % false accepts. Use ' +
        'trials of speakers and channels like those of the application, which the model is neither trained nor tested on. Each ' +
        'trial compares two recordings: speakers enrolled with several recordings score higher.',
    )
    .option('--scores <file>', 'cosines of this model: lines `score 1|0`, e.g. from voxloop score --out')
    .option('--trials <file>', 'trial list to score now')
    .option('--root <dir>', 'folder that the paths of --trials or --crops are relative to')
    .option(
      '--crops <list>',
      'unlabelled recordings, as for embed --list: crops of the same recording against crops of different ones',
    )
    .option('--crop-seconds <seconds>', 'length of these crops', decimalBetween('0.5 to 60 seconds', 0.5, 60), 2)
    .option(
      '--prior <p>',
      'target prior that the calibration is optimised for',
      decimal('a probability between 0 and 1', (p) => p >= 1e-6 && p <= 1 - 1e-6),
      0.5,
    )
    .requiredOption('--model <dir>', 'model folder, e.g. RUN/stages/embed/model, which the calibration is written to')
    .option(
      '--enroll-model <dir>',
      'with --scores or --trials: the model that embeds the enrolments, which --model learned the embeddings of; verify, identify and ' +
        'diarize use this calibration with stores of that model',
    )
    .option('--raw', 'do not subtract the mean embedding')
    .option('--few', 'replace an earlier calibration even by one on fewer than 30 trials of either kind')
    .option('--json', 'print the calibration');
  addPluginOption(addDeviceOptions(command)).action(calibrate);
}

async function calibrate(options: CalibrateOptions): Promise<void> {
  const { scores, trials, crops, root, prior, enrollModel } = options;
  if ([scores, trials, crops].filter((source) => source !== undefined).length !== 1) {
    throw new UserError('Choose what to calibrate on: one of --scores, --trials and --crops.');
  }
  if (trials !== undefined && root === undefined)
    throw new UserError('--trials needs --root, the folder of its recordings.');
  if (crops !== undefined && enrollModel !== undefined)
    throw new UserError(
      '--enroll-model needs trials of two recordings, from --trials or --scores, and --crops has none.',
    );
  const [{ calibrate, writeCalibration }, { replacedCalibration }, { calibrationWarnings }] = await Promise.all([
    import('../speakers/calibration.js'),
    import('../speakers/replaced-calibration.js'),
    import('../speakers/calibration-warnings.js'),
  ]);
  const { model, measured } = await measure(options);
  const meanSubtracted = model.mean !== null && !options.raw;
  const enrolledBy = enrollModel === undefined ? undefined : await identityOf(enrollModel);
  const about = { model: model.identity(), enrolledBy, meanSubtracted, prior };
  const calibration = calibrate(measured.scores, { ...measured, ...about });
  const replaced = replacedCalibration(model.dir, calibration, options);
  const path = writeCalibration(model.dir, calibration);
  process.stdout.write(options.json ? `${JSON.stringify(calibration)}\n` : `${await textOf(calibration)}\n${path}\n`);
  if (replaced !== null) process.stderr.write(`replaced the earlier calibration (${replaced})\n`);
  for (const warning of calibrationWarnings(calibration)) process.stderr.write(`warning: ${warning}\n`);
}

const identityOf = async (model: string) =>
  (await import('../tools/describe-model.js')).describeModel(model).identity();

/** The scores, and the model that they are of: of a folder with an exported model beside its network, the one that ran. */
async function measure(options: CalibrateOptions) {
  const { scores, trials, crops, root, cropSeconds, enrollModel } = options;
  const [from, { describeModel }, { withModel }, { withEmbedProgress, reportSkipped }, { recordingsOf }, { basename }] =
    await Promise.all([
      import('../speakers/calibration-scores.js'),
      import('../tools/describe-model.js'),
      import('./options/with-model.js'),
      import('./options/embed-progress.js'),
      import('./options/recordings.js'),
      import('node:path'),
    ]);
  if (scores !== undefined) {
    const model = describeModel(options.model);
    return {
      model,
      measured: { scores: await from.scoresOfFile(scores), source: basename(scores), kind: 'scores' as const },
    };
  }
  if (enrollModel !== undefined) {
    const measured = await scoresOfPair(trials!, root!, { ...options, enrollModel });
    return { model: describeModel(options.model), measured };
  }
  return withModel(options.model, options, async (extractor, model) => {
    const comparing = { extractor, mean: options.raw ? null : model.mean };
    if (trials !== undefined) {
      const scored = await withEmbedProgress(Number.POSITIVE_INFINITY, (progress) =>
        from.scoresOfTrials(comparing, { list: trials, root: root!, progress }),
      );
      return { model, measured: { scores: scored, source: basename(trials), kind: 'trials' as const } };
    }
    const { recordings, skipped } = recordingsOf([], { list: crops, root });
    reportSkipped(skipped);
    const scored = await withEmbedProgress(recordings.length, (progress) =>
      from.scoresOfCrops(comparing, { recordings, cropSeconds, progress }),
    );
    process.stderr.write(
      `${scored.used} of ${recordings.length} recordings are long enough for two crops. Crops of the same recording are more alike than recordings of ` +
        'the same speaker: these thresholds are optimistic. Labelled trials are better.\n',
    );
    return { model, measured: { scores: scored.scores, source: basename(crops!), kind: 'crops' as const } };
  });
}

/** Cosines of a trial list between the enrolments of one model and the tests of another. */
async function scoresOfPair(list: string, root: string, options: CalibrateOptions & { enrollModel: string }) {
  const [{ scoreWithTwo }, { recordingsOfTrials }, { sortScores }, { basename }] = await Promise.all([
    import('./score/score-asymmetric.js'),
    import('../speakers/calibration-scores.js'),
    import('../eval/detection/sorted-scores.js'),
    import('node:path'),
  ]);
  const { trials, recordings } = recordingsOfTrials(list, root);
  const scores = await scoreWithTwo({ trials, recordings }, options);
  const targets = trials.map(({ target }) => target);
  return { scores: sortScores(scores, targets, list), source: basename(list), kind: 'trials' as const };
}

async function textOf({ equalError, cllr, scale, offset, thresholds, measuredOn }: Calibration): Promise<string> {
  const { textTable } = await import('../report/table.js');
  const percent = (rate: number) => `${(100 * rate).toFixed(2)} %`;
  const table = textTable(thresholds, [
    { header: 'false accepts up to', cell: ({ allowed }) => `${100 * allowed} %` },
    { header: 'threshold', cell: ({ threshold }) => threshold.toFixed(4) },
    { header: 'false accepts', cell: ({ falseAccept }) => percent(falseAccept) },
    { header: 'false rejects', cell: ({ falseReject }) => percent(falseReject) },
  ]);
  const { targets, nontargets, source } = measuredOn;
  return [
    `${source}: ${targets} target and ${nontargets} nontarget trials`,
    `EER ${percent(equalError.eer)} at ${equalError.threshold.toFixed(4)}, Cllr ${cllr.toFixed(3)}`,
    `LLR = ${scale.toFixed(4)} * cosine ${offset < 0 ? '-' : '+'} ${Math.abs(offset).toFixed(4)}`,
    ...(thresholds.length > 0 ? [table] : []),
  ].join('\n');
}
