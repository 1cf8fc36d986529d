import type { Command } from 'commander';
import { UserError } from '../errors.js';
import { addModelOptions, type ModelOptions } from './options/model-options.js';
import { outputOption } from './options/output-files.js';
import { collect } from './options/values.js';

interface ExtractTargetCommandOptions extends ModelOptions {
  enroll: string[];
  extractor: string;
  out: string;
  json?: boolean;
}

const AFTER = `
A stage \`extract-target\` of a recipe trains the extractor; configs/small/extract-target.yaml is one. --model names the model that it
was trained with, where that is not the one that comes with voxloop.

  voxloop extract-target meeting.wav --enroll ada-1.wav --enroll ada-2.wav --extractor RUN/stages/extract-target --out ada.wav
`;

/** `voxloop extract-target`: one voice out of a recording of several. */
export function register(program: Command): void {
  const command = program
    .command('extract-target')
    .summary('one voice out of a recording of several')
    .description(
      'Takes the voice of one speaker, known by other recordings, out of a recording in which others speak at the same time. Writes a WAV file ' +
        'of 16 kHz, as long as the recording.',
    )
    .argument('<mixture>', 'audio file')
    .option('--enroll <file>', 'recording of the speaker alone; may be repeated', collect, [])
    .requiredOption('--extractor <dir>', 'folder of a stage `extract-target`, RUN/stages/<name>')
    .addOption(outputOption(program, '--out <file>', 'file to write, a WAV file').makeOptionMandatory())
    .option('--json', 'print {mixture, enroll, extractor, out, seconds, warnings}');
  addModelOptions(command).addHelpText('after', AFTER).action(extract);
}

async function extract(mixture: string, options: ExtractTargetCommandOptions): Promise<void> {
  const { enroll, extractor, out, json } = options;
  if (enroll.length === 0)
    throw new UserError('There is no one to follow. Name a recording of the speaker with --enroll.');
  if (!out.toLowerCase().endsWith('.wav'))
    throw new UserError(`--out ${out}: a WAV file is written. Let its name end in .wav.`);
  const { requireRecordings } = await import('./options/recordings.js');
  requireRecordings([mixture].concat(enroll));
  const [{ extractTarget }, { writeWav16 }, { SAMPLE_RATE_HZ }] = await Promise.all([
    import('../tools/extract-target.js'),
    import('../io/wav-write.js'),
    import('../sample-rate.js'),
  ]);
  const opened = (name: string) => {
    if (options.model === undefined && !json)
      process.stderr.write(`model: ${name}, which comes with voxloop; --model names another\n`);
  };
  const { samples, warnings } = await extractTarget(
    { mixture, enroll, extractor, model: options.model, opened },
    options,
  );
  for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
  writeWav16(out, samples, SAMPLE_RATE_HZ);
  const seconds = samples.length / SAMPLE_RATE_HZ;
  const told = { mixture, enroll, extractor, out, seconds, warnings };
  process.stdout.write(`${json ? JSON.stringify(told) : `${out}: ${seconds.toFixed(1)} s`}\n`);
}
