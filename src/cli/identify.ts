import type { Command } from 'commander';
import type { Search } from '../cluster/neighbours/neighbours.js';
import type { Identification } from '../speakers/identify.js';
import {
  addDecisionOptions,
  addSpeakerOptions,
  type DecisionOptions,
  type SpeakerOptions,
} from './options/speaker-options.js';
import { choice, wholeNumber } from './options/values.js';

interface IdentifyCommandOptions extends SpeakerOptions, DecisionOptions {
  list?: string;
  root?: string;
  top: number;
  search: Search;
  skipBad?: boolean;
  json?: boolean;
}

/** `voxloop identify`: which enrolled speaker a recording is of. */
export function register(program: Command): void {
  const command = program
    .command('identify')
    .summary('which enrolled speaker is it?')
    .description(
      'Names the enrolled speakers nearest to each recording, or none where the best score is not above the threshold. The model is the ' +
        'one that enrolled them, or a student that learned its embeddings. The false-' +
        'accept rate of a threshold is that of a single comparison: among N speakers, nearly N times as many strangers get a name. ' +
        'A recording with too little speech gets none. ' +
        'Up to 50,000 speakers are compared exhaustively; more are searched through an index kept in the store.',
    )
    .argument('[files...]', 'audio files, or folders: all recordings below them')
    .option(
      '--list <list>',
      'corpus or other folder, wav.scp, or file with a line `path` or `name TAB path` for each recording',
    )
    .option('--root <dir>', "folder that the list's paths are relative to (default: the current one)")
    .option('--top <n>', 'number of nearest speakers to name', wholeNumber(1), 5)
    .addOption(
      choice(
        program,
        '--search <method>',
        'hnsw is approximate and needs hnswlib-node',
        ['auto', 'exact', 'hnsw'],
        'auto',
      ),
    )
    .option('--skip-bad', 'exit with 0 when some recordings cannot be used')
    .option(
      '--json',
      'print one JSON object per line: {file, speaker, matches: [{speaker, score, llr}], shortage} or {file, reason}',
    );
  addDecisionOptions(addSpeakerOptions(command)).action(identify);
}

async function identify(files: string[], options: IdentifyCommandOptions): Promise<void> {
  const [
    { withModel },
    { speakerModel },
    { identifySpeakers },
    { UNDECIDED },
    { recordingsOf },
    { withEmbedProgress },
    { tooLittleSpeech },
  ] = await Promise.all([
    import('./options/with-model.js'),
    import('../speakers/speaker-model.js'),
    import('../speakers/identify.js'),
    import('../speakers/decision.js'),
    import('./options/recordings.js'),
    import('./options/embed-progress.js'),
    import('../embed/speech-shortage.js'),
  ]);
  const { recordings, skipped } = recordingsOf(files, options);
  const paths = recordings.map(({ path }) => path);
  const log = (line: string) => void process.stderr.write(`${line}\n`);
  const { top, search, threshold, falseAccepts, leastSpeech: leastSpeechSeconds } = options;
  const tell = (result: Identification, nobody: string) => {
    process.stdout.write(`${options.json ? JSON.stringify(result) : textOf(result, nobody)}\n`);
    if ('reason' in result && !options.skipBad) process.exitCode = 2;
  };
  await withModel(options.model, options, (extractor, model) =>
    withEmbedProgress(paths.length, async (progress) => {
      const query = { top, search, threshold, falseAccepts, leastSpeechSeconds, log, progress };
      const run = await identifySpeakers(options.store, speakerModel(model, extractor), paths, query);
      const { threshold: decisive } = run;
      const decided = decisive ? `threshold ${decisive.value.toFixed(4)}, ${decisive.basis}` : UNDECIDED;
      log(`enrolled speakers: ${run.speakers}${run.exact ? '' : ', searched approximately'}; ${decided}`);
      for await (const result of run.results) {
        const shortage = 'shortage' in result && result.shortage;
        const nobody = shortage ? tooLittleSpeech(shortage) : decisive ? 'none of them' : 'undecided';
        tell(result, nobody);
      }
    }),
  );
  for (const left of skipped) tell(left, '');
}

/** @param nobody what stands in the place of a name */
function textOf(result: Identification, nobody: string): string {
  if ('reason' in result) return `${result.file}: cannot be used: ${result.reason}`;
  const { file, speaker, matches } = result;
  const scores = matches.map((match) => {
    const ratio = match.llr === null ? '' : ` (LLR ${match.llr.toFixed(2)})`;
    return `${match.speaker} ${match.score.toFixed(4)}${ratio}`;
  });
  return `${file}: ${speaker ?? nobody}; ${scores.join(', ')}`;
}
