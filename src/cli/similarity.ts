import type { Command } from 'commander';
import { addModelOptions, type ModelOptions } from './options/model-options.js';
import { addDecisionOptions, type DecisionOptions } from './options/speaker-options.js';

interface SimilarityOptions extends ModelOptions, DecisionOptions {
  raw?: boolean;
  json?: boolean;
}

/** `voxloop similarity`: the cosine of two recordings. */
export function register(program: Command): void {
  const command = program
    .command('similarity')
    .summary('how alike two recordings sound: cosine in [-1, 1]')
    .description(
      'Prints the cosine of the embeddings of two recordings, with the mean embedding of the training data subtracted. If the model ' +
        'has a calibration (see voxloop calibrate), also the log-likelihood ratio (natural logarithm) and, of recordings with enough ' +
        'speech, the decision.',
    )
    .argument('<a>', 'audio file')
    .argument('<b>', 'audio file')
    .option('--raw', 'do not subtract the mean')
    .option(
      '--json',
      'print {cosine, llr, same, threshold, shortage}; llr, same and threshold are null without a calibration',
    );
  addDecisionOptions(addModelOptions(command)).action(similarity);
}

async function similarity(a: string, b: string, options: SimilarityOptions): Promise<void> {
  const { requireRecordings } = await import('./options/recordings.js');
  requireRecordings([a, b]);
  const [{ withModel }, { speakerModel, hearFile, cosine: cosineOf }, { chooseThreshold, llrOf }, { tooLittleSpeech }] =
    await Promise.all([
      import('./options/with-model.js'),
      import('../speakers/speaker-model.js'),
      import('../speakers/decision.js'),
      import('../embed/speech-shortage.js'),
    ]);
  const { cosine, calibration, shortage } = await withModel(options.model, options, async (extractor, model) => {
    const opened = speakerModel(model, extractor, { raw: options.raw });
    const heard = [await hearFile(opened, a, options.leastSpeech), await hearFile(opened, b, options.leastSpeech)];
    const shortage = heard.find((recording) => recording.shortage)?.shortage ?? null;
    return { cosine: cosineOf(heard[0].direction, heard[1].direction), calibration: opened.calibration, shortage };
  });
  const threshold = chooseThreshold(calibration, options);
  const same = shortage ? null : threshold && cosine > threshold.value;
  const llr = llrOf(calibration, cosine);
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ cosine, llr, same, threshold, shortage })}\n`);
    return;
  }
  const ratio = llr === null ? '' : `, LLR ${llr.toFixed(2)}`;
  const verdict = shortage ? tooLittleSpeech(shortage) : same ? 'the same speaker' : 'different speakers';
  const decision = threshold && `: ${verdict} (threshold ${threshold.value.toFixed(4)}, ${threshold.basis})`;
  process.stdout.write(`${cosine.toFixed(4)}${ratio}${decision ?? ''}\n`);
}
