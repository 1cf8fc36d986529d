import type { Command } from 'commander';
import type { Diarized, Format } from '../diarize/output.js';
import { addModelOptions, type ModelOptions, wholeNumber } from './options/model-options.js';

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
      'Finds who speaks when: voice activity, embeddings of windows, clustering, and borders by the best path. Writes RTTM (recordings ' +
        'go by their file names without extension), JSON or the label track of Audacity. The number of speakers may be given, bounded or ' +
        'left open. A recording that cannot be used is left out and reported, the others are written, and the exit code is 2; one ' +
        'without speech has no segments.',
    )
    .argument('<files...>', 'audio files')
    .option('--out <file>', 'file to write; standard output by default')
    .addOption(
      program
        .createOption('--format <form>', 'form of the result')
        .choices(['rttm', 'json', 'audacity'])
        .default('rttm'),
    )
    .option('--skip-bad', 'exit with 0 where only some recordings cannot be used')
    .option('--json', 'the same as --format json')
    .option('--speakers <n>', 'how many speak, if you know it', wholeNumber(1))
    .option('--min-speakers <n>', 'at least so many speak (default: 1)', wholeNumber(1))
    .option('--max-speakers <n>', 'at most so many speak (default: 10)', wholeNumber(1))
    .addOption(
      program
        .createOption('--algorithm <name>', 'how windows are clustered')
        .choices(['spectral', 'agglomerative'])
        .default('spectral'),
    )
    .option(
      '--set <option=value>',
      'any other option, such as windowSeconds=1.5, hopSeconds=0.75 or vad={leastDb: 2}; may be repeated',
      (text, all: string[]) => [...all, text],
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
  const given = await parsed(options);
  const format = options.json ? 'json' : options.format;
  const names = await recordingNames(files, format);
  const found: Diarized[] = [];
  const skipped: { file: string; reason: string }[] = [];
  await withModel(options.model, options, async (extractor) => {
    for (const [i, file] of files.entries()) {
      const outcome = await diarizeFile(file, extractor, given);
      if ('reason' in outcome) {
        skipped.push({ file, ...outcome });
        continue;
      }
      if (outcome.segments.length === 0) process.stderr.write(`${file}: no speech was found\n`);
      found.push({ recording: names[i], ...outcome });
    }
  });
  if (found.length === 0) throw noneUsable(skipped);
  reportSkipped(skipped);
  const text = formatted(found, format);
  if (options.out === undefined) process.stdout.write(text);
  else writeFileAtomic(options.out, text);
  if (skipped.length > 0 && !options.skipBad) process.exitCode = 2;
}

/** The options of the pipeline, checked before the model is read. */
async function parsed(options: DiarizeCommandOptions) {
  const [{ diarizeOptions, boundsOf }, { keyValues }, { z }, { UserError }] = await Promise.all([
    import('../diarize/diarize.js'),
    import('./options/key-values.js'),
    import('zod'),
    import('../errors.js'),
  ]);
  const { speakers, minSpeakers: leastSpeakers, maxSpeakers: mostSpeakers, algorithm } = options;
  if (speakers !== undefined && (leastSpeakers ?? mostSpeakers) !== undefined)
    throw new UserError('--speakers says exactly how many speak: leave --min-speakers and --max-speakers out.');
  const named = Object.entries({ speakers, leastSpeakers, mostSpeakers, algorithm }).filter(
    ([, value]) => value !== undefined,
  );
  const result = diarizeOptions.safeParse({ ...Object.fromEntries(named), ...keyValues(options.set) });
  if (!result.success) throw new UserError(`--set: ${z.prettifyError(result.error)}`);
  boundsOf(result.data);
  return result.data;
}

/** Names of recordings, unique; a label track holds one recording. */
async function recordingNames(files: readonly string[], format: Format): Promise<string[]> {
  const [{ basename, extname }, { UserError }] = await Promise.all([import('node:path'), import('../errors.js')]);
  if (format === 'audacity' && files.length > 1)
    throw new UserError(
      `A label track of Audacity holds one recording, and ${files.length} were given. Give them one at a time.`,
    );
  const names = files.map((file) => basename(file, extname(file)));
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined)
    throw new UserError(
      `Two recordings are called ${twice}: their segments could not be told apart. Rename one, or run twice.`,
    );
  return names;
}
