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

/** Exit codes with --exit-code: of a "no", and without an answer, for want of a calibration or of speech (1 means a fault of voxloop). */
const NO = 3;
const NO_ANSWER = 2;

/** `voxloop verify`: checks a recording against one enrolled speaker. */
export function register(program: Command): void {
  const command = program
    .command('verify')
    .summary('is a recording of an enrolled speaker?')
    .description(
      'Compares a recording with one enrolled speaker by the cosine to the mean direction of their recordings, by the model that enrolled ' +
        'them or a student that learned its embeddings. The threshold is that ' +
        "of the model's calibration (of both models', where another one enrolled) for 1 % false accepts, unless --threshold or " +
        '--false-accepts sets another. Without a calibration and a threshold, and of a recording with too little speech, only the score is printed.',
    )
    .argument('<name>', 'name of the speaker')
    .argument('<file>', 'audio file')
    .option('--exit-code', `exit with ${NO} for no, ${NO_ANSWER} without an answer (default: 0 for all of them)`)
    .option(
      '--json',
      'print {speaker, file, score, llr, threshold, shortage, same}; threshold and same are null without a calibration',
    );
  addDecisionOptions(addSpeakerOptions(command)).action(verify);
}

async function verify(speaker: string, file: string, options: VerifyOptions): Promise<void> {
  const { requireRecordings } = await import('./options/recordings.js');
  requireRecordings([file]);
  const [{ withModel }, { speakerModel }, { verifySpeaker }, { UNDECIDED }, { tooLittleSpeech }] = await Promise.all([
    import('./options/with-model.js'),
    import('../speakers/speaker-model.js'),
    import('../speakers/verify.js'),
    import('../speakers/decision.js'),
    import('../embed/speech-shortage.js'),
  ]);
  const { store, threshold, falseAccepts, leastSpeech: leastSpeechSeconds } = options;
  const verdict = await withModel(options.model, options, (extractor, model) =>
    verifySpeaker(store, speakerModel(model, extractor), {
      speaker,
      file,
      threshold,
      falseAccepts,
      leastSpeechSeconds,
    }),
  );
  const { score, llr, same, shortage } = verdict;
  const ratio = llr === null ? '' : `, LLR ${llr.toFixed(2)}`;
  const measured = `score ${score.toFixed(4)}${ratio}`;
  const decided = verdict.threshold && `threshold ${verdict.threshold.value.toFixed(4)}, ${verdict.threshold.basis}`;
  const text = shortage
    ? `${tooLittleSpeech(shortage)}: ${measured}`
    : decided
      ? `${same ? 'yes' : 'no'}: ${measured} (${decided})`
      : `${measured} (${UNDECIDED})`;
  process.stdout.write(`${options.json ? JSON.stringify(verdict) : text}\n`);
  if (!same && options.exitCode) process.exitCode = same === null ? NO_ANSWER : NO;
}
