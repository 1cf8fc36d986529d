import type { Command } from 'commander';
import type { Format } from '../../diarize/output.js';
import { addModelOptions, type ModelOptions } from '../options/model-options.js';
import { outputOption } from '../options/output-files.js';
import { addDecisionOptions, type DecisionOptions } from '../options/speaker-options.js';
import { choice, collect, wholeNumber } from '../options/values.js';

export interface DiarizeCommandOptions extends ModelOptions, DecisionOptions {
  out?: string;
  format: Format;
  json?: boolean;
  speakers?: number;
  minSpeakers?: number;
  maxSpeakers?: number;
  overlap?: string;
  algorithm: 'spectral' | 'agglomerative';
  window: number;
  hop: number;
  set: string[];
  skipBad?: boolean;
  store?: string;
  enrollUnknown?: boolean;
  embeddings?: string;
}

/** `voxloop diarize`: who speaks when. */
export function register(program: Command): void {
  const command = program
    .command('diarize')
    .summary('who speaks when in recordings')
    .description(
      'Finds who speaks when, by voice activity detection, clustering of window embeddings and a best path through the windows. ' +
        'Writes RTTM (recordings are named after their files, without extension), JSON or an Audacity label track. The number of ' +
        'speakers can be fixed, bounded or estimated. With --overlap two are named where two speak at once. With --store, enrolled speakers are called by their names; the others are ' +
        'numbered, and a voice that is heard in several of the recordings has one number. A recording that cannot be used is left ' +
        'out and reported, the others are written, and the exit code is 2; a recording without speech has no segments.',
    )
    .argument('<files...>', 'audio files, or folders: all recordings below them')
    .addOption(outputOption(program, '--out <file>', 'file to write (default: -, standard output)', { dash: 'print' }))
    .addOption(choice(program, '--format <format>', 'format of the result', ['rttm', 'json', 'audacity'], 'rttm'))
    .option('--skip-bad', 'exit with 0 when only some recordings cannot be used')
    .option('--json', 'the same as --format json')
    .option('--speakers <n>', 'number of speakers, if known', wholeNumber(1))
    .option('--min-speakers <n>', 'least number of speakers (default: 1)', wholeNumber(1))
    .option('--max-speakers <n>', 'greatest number of speakers (default: 10)', wholeNumber(1))
    .addOption(
      choice(program, '--algorithm <name>', 'clustering of windows', ['spectral', 'agglomerative'], 'spectral'),
    )
    .option(
      '--overlap <file>',
      'detector of overlapping speech, RUN/stages/<name>/overlap.safetensors of a stage `overlap` (default: one speaker at a time)',
    )
    .option(
      '--set <option=value>',
      'set any other option, such as windowSeconds=1.5, hopSeconds=0.75 or vad={leastDb: 2}; may be repeated',
      collect,
      [],
    );
  addModelOptions(addNameOptions(command, program)).action(async (files: string[], options: DiarizeCommandOptions) => {
    const { diarizeFiles } = await import('./diarize-files.js');
    await diarizeFiles(files, options);
  });
}

/** Adds the options that name speakers. */
function addNameOptions(command: Command, program: Command): Command {
  command
    .option('--store <dir>', 'folder of enrolled speakers, who are called by their names')
    .option(
      '--enroll-unknown',
      'enrol the numbered voices in the store under their numbers; voxloop speakers --rename names them',
    )
    .addOption(
      outputOption(
        program,
        '--embeddings <file>',
        "write the embedding of each recording's speakers, called RECORDING/SPEAKER: .npy, .jsonl or .ark",
      ),
    );
  return addDecisionOptions(command);
}
