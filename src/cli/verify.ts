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

/** Exit code of a "no" with --exit-code; 1 and 2 mean that there is no answer. */
const NO = 3;

/** `voxloop verify`: checks a recording against one enrolled speaker. */
export function register(program: Command): void {
  const command = program
    .command('verify')
    .summary('is a recording of an enrolled speaker?')
    .description(
      'Compares a recording with one enrolled speaker by the cosine to the mean direction of their recordings. The threshold is that ' +
        "of the model's calibration for 1 % false accepts, unless --threshold or --false-accepts sets another.",
    )
    .argument('<name>', 'name of the speaker')
    .argument('<file>', 'audio file')
    .option('--exit-code', `exit with ${NO} for no (default: 0 for both yes and no)`)
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
  const verdict = await withModel(options.model, options, (extractor, model) =>
    verifySpeaker(store, speakerModel(model, extractor), { speaker, file, threshold, falseAccepts }),
  );
  const { score, llr, same } = verdict;
  const ratio = llr === null ? '' : `, LLR ${llr.toFixed(2)}`;
  const decided = `threshold ${verdict.threshold.value.toFixed(4)}, ${verdict.threshold.basis}`;
  const text = `${same ? 'yes' : 'no'}: score ${score.toFixed(4)}${ratio} (${decided})`;
  process.stdout.write(`${options.json ? JSON.stringify(verdict) : text}\n`);
  if (!same && options.exitCode) process.exitCode = NO;
}
