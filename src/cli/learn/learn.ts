import type { Command } from 'commander';
import { DEVICES, type Device } from '../options/model-options.js';
import { choice, decimal } from '../options/values.js';

interface LearnFlags {
  out: string;
  hours: number;
  device: Device;
  dryRun?: boolean;
  force?: boolean;
}

const AFTER = `
DIR/recipe.yaml is what was run, with its sizes: change it and go on with \`voxloop run DIR/recipe.yaml --out DIR\`.
DIR/report.html shows what can be known without labels. Recordings that cannot be read are listed in
DIR/stages/recordings/corpus/skipped.tsv, and what the filter dropped in DIR/stages/speech/filter.jsonl.
`;

/** `voxloop learn FOLDER`: from a folder of recordings to a model of its voices. */
export function register(program: Command): void {
  program
    .command('learn')
    .summary('learn the voices of a folder of recordings: everything from decoding to a model and a report')
    .description(
      'Decodes and filters the recordings, trains a network on them without labels, clusters them and trains on the clusters, and ' +
        'reports. The sizes follow from the recordings, the memory and the time. The same command goes on where it was stopped.',
    )
    .argument('<folder>', 'folder of recordings at any rate: WAV, AIFF, SPHERE, FLAC, Ogg, Opus, MP3, M4A, G.722')
    .requiredOption('--out <dir>', 'folder of the model, the recipe and the report')
    .option(
      '--hours <n>',
      'time for training, such as 0.5',
      decimal('a number of hours above 0', (n) => n > 0),
      1,
    )
    .addOption(choice(program, '--device <device>', 'where to compute; gpu fails where there is none', DEVICES, 'auto'))
    .option('--dry-run', 'say what would be done, and write nothing')
    .option('--force', 'begin anew where DIR holds what other recordings led to')
    .addHelpText('after', AFTER)
    .action(learnCommand);
}

async function learnCommand(folder: string, flags: LearnFlags): Promise<void> {
  const [{ learnFolder }, { describeDryRun }, { listenForInterrupt }] = await Promise.all([
    import('./learn-folder.js'),
    import('./dry-run.js'),
    import('../../pipeline/run/interrupt.js'),
  ]);
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  if (flags.dryRun) {
    process.stdout.write(`${await describeDryRun(folder, flags)}\n`);
    return;
  }
  const { signal, stop } = listenForInterrupt(say);
  try {
    const { report } = await learnFolder({ folder, ...flags, signal, say });
    process.stdout.write(`${report}\n`);
  } finally {
    stop();
  }
}
