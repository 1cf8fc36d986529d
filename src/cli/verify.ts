import type { Command } from 'commander';
import {
  addDecisionOptions,
  addSpeakerOptions,
  type DecisionOptions,
  type SpeakerOptions,
} from './options/speaker-options.js';

interface VerifyOptions extends SpeakerOptions, DecisionOptions {
  exitCode?: boolean;
  json?: boolean;
}

/** Of a "no" with --exit-code; 1 and 2 mean that there is no answer. */
const NO = 3;

/** `voxloop verify`: is this recording of that speaker? */
export function register(program: Command): void {
  const command = program
    .command('verify')
    .summary('is a recording of an enrolled speaker?')
    .description(
      'Compares a recording with one enrolled speaker: the cosine to the mean direction of the recordings of the speaker. The ' +
        "threshold is the one of the model's calibration for 1 % false accepts, unless another one is asked for.",
    )
    .argument('<name>', 'name of the speaker')
    .argument('<file>', 'audio file')
    .option('--exit-code', `exit with ${NO} for no; else the exit code is 0 for yes and no`)
    .option('--json', 'print {speaker, file, score, llr, threshold, same}');
  addDecisionOptions(addSpeakerOptions(command)).action(verify);
}

async function verify(speaker: string, file: string, options: VerifyOptions): Promise<void> {
  const [{ withModel }, { speakerModel }, { verifySpeaker }] = await Promise.all([
    import('./options/with-model.js'),
    import('../speakers/speaker-model.js'),
    import('../speakers/verify.js'),
  ]);
  const { store, threshold, falseAccepts } = options;
  const found = await withModel(options.model, options, (extractor, model) =>
    verifySpeaker(store, speakerModel(model, extractor), { speaker, file, threshold, falseAccepts }),
  );
  const { score, llr, same } = found;
  const ratio = llr === null ? '' : `, LLR ${llr.toFixed(2)}`;
  const decided = `threshold ${found.threshold.value.toFixed(4)}, ${found.threshold.basis}`;
  const text = `${same ? 'yes' : 'no'}: score ${score.toFixed(4)}${ratio} (${decided})`;
  process.stdout.write(`${options.json ? JSON.stringify(found) : text}\n`);
  if (!same && options.exitCode) process.exitCode = NO;
}
