import type { Command } from 'commander';
import { UserError } from '../errors.js';
import type { Calibration } from '../speakers/calibration.js';
import { addModelOptions, type ModelOptions } from './options/model-options.js';
import { decimal } from './options/speaker-options.js';

interface CalibrateOptions extends ModelOptions {
  scores?: string;
  trials?: string;
  root?: string;
  crops?: string;
  cropSeconds: number;
  prior: number;
  raw?: boolean;
  json?: boolean;
}

/** `voxloop calibrate`: what a model's scores mean. */
export function register(program: Command): void {
  const command = program
    .command('calibrate')
    .summary("measure a model's thresholds and log-likelihood ratios")
    .description(
      'Measures on labelled trials what the cosines of a model mean, and writes it to calibration.json in its folder: scale and ' +
        'offset to log-likelihood ratios (logistic regression), and the thresholds for 10, 1 and 0.1 % false accepts. Use trials ' +
        'of speakers and channels as the tools will meet, that the model was not trained on and is not tested on. They compare one ' +
        'recording with one: a speaker enrolled with several scores higher.',
    )
    .option('--scores <file>', 'cosines of this model: lines `score 1|0`, e.g. of voxloop score --out')
    .option('--trials <file>', 'trial list, to be scored now')
    .option('--root <dir>', 'folder that the paths of --trials or --crops are relative to')
    .option(
      '--crops <list>',
      'recordings without labels, as embed --list takes them: crops of one against crops of others',
    )
    .option('--crop-seconds <seconds>', 'length of these crops', decimal('0.5 to 60 seconds', 0.5, 60), 2)
    .option(
      '--prior <p>',
      'share of target trials where decisions are to be best',
      decimal('between 0 and 1', 1e-6, 1 - 1e-6),
      0.5,
    )
    .option('--raw', 'the mean embedding is not subtracted')
    .option('--json', 'print the calibration');
  addModelOptions(command).action(calibrate);
}

async function calibrate(options: CalibrateOptions): Promise<void> {
  const { scores, trials, crops, root, prior } = options;
  if ([scores, trials, crops].filter((given) => given !== undefined).length !== 1) {
    throw new UserError('Say what to calibrate on: one of --scores, --trials and --crops.');
  }
  if (trials !== undefined && root === undefined)
    throw new UserError('--trials needs --root, the folder of its recordings.');
  const [{ calibrate, writeCalibration }, { calibrationWarnings }, { identityOf }, { readModel }] = await Promise.all([
    import('../speakers/calibration.js'),
    import('../speakers/calibration-warnings.js'),
    import('../speakers/model-identity.js'),
    import('../embed/model-file.js'),
  ]);
  const model = readModel(options.model);
  const measured = await measure(options);
  const meanSubtracted = model.mean !== null && !options.raw;
  const found = calibrate(measured.scores, { ...measured, model: identityOf(model), meanSubtracted, prior });
  const path = writeCalibration(options.model, found);
  process.stdout.write(options.json ? `${JSON.stringify(found)}\n` : `${await textOf(found)}\n${path}\n`);
  for (const warning of calibrationWarnings(found)) process.stderr.write(`warning: ${warning}\n`);
}

async function measure(options: CalibrateOptions) {
  const { scores, trials, crops, root, cropSeconds } = options;
  const [from, { withModel }, { withEmbedProgress }, { readRecordingList }, { basename }] = await Promise.all([
    import('../speakers/calibration-scores.js'),
    import('./options/with-model.js'),
    import('./options/embed-progress.js'),
    import('../data/recording-list.js'),
    import('node:path'),
  ]);
  if (scores !== undefined) {
    return { scores: await from.scoresOfFile(scores), source: basename(scores), kind: 'scores' as const };
  }
  return withModel(options.model, options, async (extractor, model) => {
    const comparing = { extractor, mean: options.raw ? null : model.mean };
    if (trials !== undefined) {
      const found = await withEmbedProgress(Number.POSITIVE_INFINITY, (progress) =>
        from.scoresOfTrials(comparing, { list: trials, root: root!, progress }),
      );
      return { scores: found, source: basename(trials), kind: 'trials' as const };
    }
    const recordings = readRecordingList(crops!, root);
    const found = await withEmbedProgress(recordings.length, (progress) =>
      from.scoresOfCrops(comparing, { recordings, cropSeconds, progress }),
    );
    process.stderr.write(
      `${found.used} of ${recordings.length} recordings give two crops. Crops of one recording are more alike than recordings of one ` +
        'speaker: these thresholds are optimistic. Labelled trials are better.\n',
    );
    return { scores: found.scores, source: basename(crops!), kind: 'crops' as const };
  });
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
