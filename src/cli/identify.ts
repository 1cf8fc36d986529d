import type { Command } from 'commander';
import type { Search } from '../cluster/neighbours/neighbours.js';
import type { Identification } from '../speakers/identify.js';
import { wholeNumber } from './options/model-options.js';
import {
  addDecisionOptions,
  addSpeakerOptions,
  type DecisionOptions,
  type SpeakerOptions,
} from './options/speaker-options.js';

interface IdentifyCommandOptions extends SpeakerOptions, DecisionOptions {
  list?: string;
  root?: string;
  top: number;
  search: Search;
  skipBad?: boolean;
  json?: boolean;
}

/** `voxloop identify`: who of the enrolled speakers is this? */
export function register(program: Command): void {
  const command = program
    .command('identify')
    .summary('who of the enrolled speakers is it?')
    .description(
      'Names the enrolled speakers that are nearest to each recording, or says that it is none of them: the best score is not above ' +
        'the threshold. A threshold is for one comparison: among N speakers nearly N times as many strangers get a name. Up to ' +
        '50,000 speakers are all compared; more are searched through an index, which is kept in the store.',
    )
    .argument('[files...]', 'audio files')
    .option('--list <list>', 'corpus folder, wav.scp, or file with a line `path` or `name TAB path` a recording')
    .option('--root <dir>', "folder that the list's paths are relative to; default: the current one")
    .option('--top <n>', 'how many speakers to name', wholeNumber(1), 5)
    .addOption(
      program
        .createOption('--search <how>', 'auto, exact or hnsw (approximate; needs hnswlib-node)')
        .choices(['auto', 'exact', 'hnsw'])
        .default('auto'),
    )
    .option('--skip-bad', 'exit with 0 where some recordings cannot be used')
    .option('--json', 'print an object a line: {file, speaker, matches: [{speaker, score, llr}]} or {file, reason}');
  addDecisionOptions(addSpeakerOptions(command)).action(identify);
}

async function identify(files: string[], options: IdentifyCommandOptions): Promise<void> {
  const [{ withModel }, { speakerModel }, { identifySpeakers }, { recordingsOf }, { withEmbedProgress }] =
    await Promise.all([
      import('./options/with-model.js'),
      import('../speakers/speaker-model.js'),
      import('../speakers/identify.js'),
      import('./options/recordings.js'),
      import('./options/embed-progress.js'),
    ]);
  const paths = recordingsOf(files, options).map(({ path }) => path);
  const log = (line: string) => void process.stderr.write(`${line}\n`);
  const { top, search, threshold, falseAccepts } = options;
  await withModel(options.model, options, (extractor, model) =>
    withEmbedProgress(paths.length, async (progress) => {
      const asked = { top, search, threshold, falseAccepts, log, progress };
      const run = await identifySpeakers(options.store, speakerModel(model, extractor), paths, asked);
      const { value, basis } = run.threshold;
      log(
        `enrolled speakers: ${run.speakers}${run.exact ? '' : ', searched approximately'}; threshold ${value.toFixed(4)}, ${basis}`,
      );
      for await (const found of run.results) {
        process.stdout.write(`${options.json ? JSON.stringify(found) : textOf(found)}\n`);
        if ('reason' in found && !options.skipBad) process.exitCode = 2;
      }
    }),
  );
}

function textOf(found: Identification): string {
  if ('reason' in found) return `${found.file}: cannot be used: ${found.reason}`;
  const { file, speaker, matches } = found;
  const scores = matches.map((match) => {
    const ratio = match.llr === null ? '' : ` (LLR ${match.llr.toFixed(2)})`;
    return `${match.speaker} ${match.score.toFixed(4)}${ratio}`;
  });
  return `${file}: ${speaker ?? 'none of them'}; ${scores.join(', ')}`;
}
