import type { Command } from 'commander';
import type { QuantizeMethod } from '../embed/quantize/codebook.js';
import { addPluginOption } from './options/model-options.js';
import { choice, wholeNumber } from './options/values.js';

interface QuantizeCommandOptions {
  bits: number;
  out: string;
  method?: QuantizeMethod;
  scales: 'channel' | 'layer';
  keepEnds?: boolean;
  plugin: string[];
  json?: boolean;
}

const AFTER = `
Examples:
  voxloop quantize MODEL --bits 4 --out model-4bit
  voxloop quantize MODEL --bits 4 --method k-means --keep-ends --out model-4bit-kmeans
The weights are rounded as they are, without training; measure the result (voxloop score) before it is used. The stages finetune and distill train
a network in its bits (their option \`quantize\`), which costs less. It computes in float32.
`;

/** `voxloop quantize`: a model in fewer bits. */
export function register(program: Command): void {
  const command = program
    .command('quantize')
    .summary('a model with weights of 8, 4, 2 or 1 bits')
    .description(
      'Rounds the weights of convolutions and linear layers to a few values, times a scale for each output channel, and writes a model folder ' +
        'in which they take so many bits. Every command and recipe takes it; a store or a calibration of the model before is refused.',
    )
    .argument('<model>', 'model folder, e.g. RUN/stages/embed/model')
    .requiredOption('--bits <n>', 'bits of a weight: 8, 4, 2 or 1', wholeNumber(1))
    .requiredOption('--out <dir>', 'model folder to write')
    .addOption(
      choice(program, '--method <name>', 'how the values are chosen; default: linear, at 2 bits ternary, at 1 binary', [
        'linear',
        'k-means',
        'power-of-two',
        'ternary',
        'binary',
      ]),
    )
    .addOption(
      choice(program, '--scales <by>', 'a scale for every channel, or for the layer', ['channel', 'layer'], 'channel'),
    )
    .option('--keep-ends', 'leave the first layer and the last one as they are');
  addPluginOption(command)
    .option('--json', 'print {method, bits, scales, packed, kept, bytesBefore, bytes}')
    .addHelpText('after', AFTER)
    .action(quantize);
}

async function quantize(model: string, { out, json, ...options }: QuantizeCommandOptions): Promise<void> {
  const [{ quantizeModel }, { formatByteSize }] = await Promise.all([
    import('../tools/quantize-model.js'),
    import('../io/byte-size.js'),
  ]);
  const summary = await quantizeModel(model, out, options);
  const { method, bits, packed, kept, bytesBefore, bytes } = summary;
  const text =
    `${out}: ${formatByteSize(bytes)} instead of ${formatByteSize(bytesBefore)}; ${packed} layers at ${bits} bits (${method}), ` +
    `${kept.length} as they were`;
  process.stdout.write(`${json ? JSON.stringify(summary) : text}\n`);
}
