import type { Command } from 'commander';
import type { Diarized, Format } from '../diarize/output.js';
import { addModelOptions, type ModelOptions } from './options/model-options.js';
import { outputOption } from './options/output-files.js';
import { choice, collect, wholeNumber } from './options/values.js';

interface DiarizeCommandOptions extends ModelOptions {
  out?: string;
  format: Format;
  speakers?: number;
  minSpeakers?: number;
  maxSpeakers?: number;
  algorithm: 'spectral' | 'agglomerative';
  window: number;
  hop: number;
  set: string[];
  skipBad?: boolean;
}

/** `voxloop diarize`: who speaks when. */
export function register(program: Command): void {
  const command = program
    .command('diarize')
    .summary('who speaks when in recordings')
    .description(
      'Finds who speaks when, by voice activity detection, clustering of window embeddings and a best path through the windows. ' +
        'Writes RTTM (recordings are named after their files, without extension), JSON or an Audacity label track. The number of ' +
        'speakers can be fixed, bounded or estimated. A recording that cannot be used is left out and reported, the others are ' +
        'written, and the exit code is 2; a recording without speech has no segments.',
    )
    .argument('<files...>', 'audio files')
    .addOption(outputOption(program, '--out <file>', 'file to write (default: standard output)'))
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
      '--set <option=value>',
      'set any other option, such as windowSeconds=1.5, hopSeconds=0.75 or vad={leastDb: 2}; may be repeated',
      collect,
      [],
    );
  addModelOptions(command).action(diarize);
}

async function diarize(files: string[], options: DiarizeCommandOptions & { json?: boolean }): Promise<void> {
  const [{ withModel }, { diarizeFile }, { formatted }, { noneUsable }, { reportSkipped }, { writeFileAtomic }] =
    await Promise.all([
      import('./options/with-model.js'),
      import('../diarize/diarize-file.js'),
      import('../diarize/output.js'),
      import('../data/none-usable.js'),
      import('./options/embed-progress.js'),
      import('../io/atomic.js'),
    ]);
  const settings = await diarizeSettings(options);
  const format = options.json ? 'json' : options.format;
  const names = await recordingNames(files, format);
  const diarized: Diarized[] = [];
  const skipped: { file: string; reason: string }[] = [];
  await withModel(options.model, { ...options, json: format === 'json' }, async (extractor) => {
    for (const [i, file] of files.entries()) {
      const outcome = await diarizeFile(file, extractor, settings);
      if ('reason' in outcome) {
        skipped.push({ file, ...outcome });
        continue;
      }
      if (outcome.segments.length === 0) process.stderr.write(`${file}: no speech was found\n`);
      diarized.push({ recording: names[i], ...outcome });
    }
  });
  if (diarized.length === 0) throw noneUsable(skipped);
  reportSkipped(skipped);
  const text = formatted(diarized, format);
  if (options.out === undefined) process.stdout.write(text);
  else writeFileAtomic(options.out, text);
  if (skipped.length > 0 && !options.skipBad) process.exitCode = 2;
}

/** The options of diarization, checked before the model is read. */
async function diarizeSettings(options: DiarizeCommandOptions) {
  const [{ diarizeOptions, boundsOf }, { keyValues }, { z }, { UserError }] = await Promise.all([
    import('../diarize/diarize.js'),
    import('./options/key-values.js'),
    import('zod'),
    import('../errors.js'),
  ]);
  const { speakers, minSpeakers: leastSpeakers, maxSpeakers: mostSpeakers, algorithm } = options;
  if (speakers !== undefined && (leastSpeakers ?? mostSpeakers) !== undefined)
    throw new UserError('--speakers fixes the number of speakers: leave out --min-speakers and --max-speakers.');
  const named = Object.entries({ speakers, leastSpeakers, mostSpeakers, algorithm }).filter(
    ([, value]) => value !== undefined,
  );
  const result = diarizeOptions.safeParse({ ...Object.fromEntries(named), ...keyValues(options.set) });
  if (!result.success) throw new UserError(`--set: ${z.prettifyError(result.error)}`);
  boundsOf(result.data);
  return result.data;
}

/** Names of the recordings. @throws UserError for names that repeat, and several recordings for a label track */
async function recordingNames(files: readonly string[], format: Format): Promise<string[]> {
  const [{ basename, extname }, { UserError }] = await Promise.all([import('node:path'), import('../errors.js')]);
  if (format === 'audacity' && files.length > 1)
    throw new UserError(
      `An Audacity label track holds one recording, and ${files.length} are named. Run the command once for each.`,
    );
  const names = files.map((file) => basename(file, extname(file)));
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined)
    throw new UserError(
      `Two recordings are called ${twice}: their segments could not be told apart. Rename one, or run the command once for each.`,
    );
  return names;
}
