import type { Command } from 'commander';
import type { PackOptions } from '../embed/pack-model.js';

interface PackCommandOptions extends PackOptions {
  out: string;
  json?: boolean;
}

const AFTER = `
A calibration belongs to one file of weights, so that of MODEL is not taken along. Make one of the packed model:

  voxloop pack runs/mine/stages/embed/model --out voices --name "voices 1.0" --card card.md
  voxloop calibrate --model voices --trials trials.txt --root wav
`;

/** `voxloop pack`: a model to hand on. */
export function register(program: Command): void {
  program
    .command('pack')
    .summary('a model folder to hand on: weights in float16, with its card')
    .description(
      'Writes the network and the mean embedding of a model into a new folder, with weights in float16: half the size, and nothing that only ' +
        'training needs. Statistics of norms stay in float32. Every command takes the folder as it takes the model. Texts that belong to ' +
        'the model are copied beside it.',
    )
    .argument('<model>', 'model folder, e.g. RUN/stages/embed/model')
    .requiredOption('--out <dir>', 'folder to write, which must not hold a model')
    .option('--name <name>', 'name of the model, with its version (default: as it is called)')
    .option('--card <file>', 'becomes CARD.md: what it is, what it was trained on, figures, limits, intended use')
    .option('--licences <file>', 'becomes LICENSES.md: the recordings it was trained on, and their licences')
    .option('--commands <file>', 'becomes COMMANDS.md: the commands that made it')
    .option('--json', 'print {out, name, numbers, files, bytes}')
    .addHelpText('after', AFTER)
    .action(pack);
}

async function pack(model: string, { out, json, ...options }: PackCommandOptions): Promise<void> {
  const [{ packModel }, { formatByteSize }] = await Promise.all([
    import('../embed/pack-model.js'),
    import('../io/byte-size.js'),
  ]);
  const summary = packModel(model, out, options);
  const { name, numbers, files, bytes } = summary;
  const text = `${out}: ${name}, ${(numbers / 1e6).toFixed(2)} million numbers, ${formatByteSize(bytes)} (${files.join(', ')})`;
  process.stdout.write(`${json ? JSON.stringify(summary) : text}\n`);
}
