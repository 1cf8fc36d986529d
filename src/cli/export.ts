import { join } from 'node:path';
import type { Command } from 'commander';
import { UserError } from '../errors.js';
import { declareInputs, refuseInput } from '../io/inputs.js';
import { MOST_THREADS } from '../most-threads.js';
import type { OnnxOptions } from '../tools/export-onnx.js';
import type { HuggingFaceOptions } from '../tools/hugging-face/export-folder.js';
import { addPluginOption } from './options/model-options.js';
import { outputOption } from './options/output-files.js';
import { choice, wholeNumber } from './options/values.js';

/** What is written, and the options that only it has. */
const FORMATS = {
  onnx: ['names', 'input', 'weights', 'subtractMean'],
  hf: ['name', 'licence', 'results', 'system'],
  wespeaker: [],
} as const;
type Format = keyof typeof FORMATS;

interface ExportOptions extends OnnxOptions, HuggingFaceOptions {
  format: Format;
  out?: string;
  json?: boolean;
}

const AFTER = `
Examples:
  voxloop export runs/mine/stages/embed/model
  voxloop export runs/mine/stages/embed/model --out speaker.onnx
  voxloop export MODEL --names transformers --weights float16 --out onnx/model_fp16.onnx
  voxloop export MODEL --input wave --subtract-mean --out recording-to-vector.onnx
  voxloop export MODEL --format hf --out hub --licence cc-by-4.0 --results runs/mine/results.json --system DINO
  voxloop export MODEL --format wespeaker --out pretrained
docs/export.md shows how to use the file. Commands with --model take it, or its folder, too, and need no TensorFlow for it.
`;

const PRINTED =
  'print {file, bytes, nodes, input, output}; hf: {out, files, bytes, licence, figures, notForTransformers}; ' +
  'wespeaker: {out, files, bytes, model, numbers}';

/** `voxloop export`: a model for other programs. */
export function register(program: Command): void {
  const command = program
    .command('export')
    .summary('a model for other programs: an ONNX file, a folder for Hugging Face or for WeSpeaker')
    .description(
      'Writes the network of a model, of any backbone and pooling, plugins included, as an ONNX file (opset 14) for batches and ' +
        'recordings of any size, with the metadata that sherpa-onnx asks for. It takes features [batch, frames, bins] as the model knows ' +
        'them (log mel energies on int16 scale, less their mean), or with --input wave the samples themselves. With --format hf it writes a ' +
        'folder to upload to Hugging Face: a model card with the figures of a run, the model itself, and the ONNX file in three sizes as ' +
        'transformers.js loads it. With --format wespeaker it writes avg_model.pt and config.yaml, which WeSpeaker loads as its own.',
    )
    .argument('<model>', 'model folder, e.g. RUN/stages/embed/model')
    .addOption(choice(program, '--format <format>', 'what to write', ['onnx', 'hf', 'wespeaker'], 'onnx'))
    .addOption(
      outputOption(
        program,
        '--out <path>',
        'file to write, .onnx; or a folder for model.onnx and the calibration (default: the model folder); hf, wespeaker: folder to write',
      ),
    )
    .addOption(
      choice(
        program,
        '--names <set>',
        'feats and embs (wespeaker, the default; sherpa-onnx, too), or input_features and last_hidden_state (transformers.js)',
        ['wespeaker', 'transformers'],
      ),
    )
    .addOption(
      choice(program, '--input <kind>', 'features (default), or wave [batch, samples] from -1 to 1', [
        'features',
        'wave',
      ]),
    )
    .addOption(
      choice(program, '--weights <type>', 'how large weights are stored, float32 by default; all compute in float32', [
        'float32',
        'float16',
        'int8',
      ]),
    )
    .option('--subtract-mean', 'subtract the mean embedding of the training utterances, as verify and identify do')
    .option('--language <name>', 'language for the metadata (default: unknown); for --format hf its code, e.g. en')
    .option('--name <name>', 'hf: title of the card (default: as the model is called)')
    .option('--licence <id>', "hf: licence of the card, e.g. cc-by-4.0 (default: the model's, or unknown)")
    .option(
      '--results <file>',
      'hf: results.json with figures for the card (default: that of the run around the model)',
    )
    .option('--system <name>', 'hf: whose figures in it, where it has several systems');
  addPluginOption(command)
    .option('--threads <n>', 'threads of one operation; 0: one per core', wholeNumber(0, MOST_THREADS), 0)
    .option('--json', PRINTED)
    .addHelpText('after', AFTER)
    .action(exportModel);
}

async function exportModel(model: string, { out, json, format, ...options }: ExportOptions): Promise<void> {
  const [{ MODEL_FILE }, { createProgress }] = await Promise.all([
    import('../embed/model-file.js'),
    import('../pipeline/run/progress.js'),
  ]);
  refuseOthers(format, options);
  declareInputs([join(model, MODEL_FILE)]);
  if (out !== undefined) refuseInput(out);
  const display = createProgress({ stream: process.stderr, label: 'trace' });
  const progress = (step: number, total: number) => display.update({ step, total });
  const write = { onnx: asOnnx, hf: asFolder, wespeaker: asWeSpeaker }[format];
  const { summary, text } = await write(model, out, { ...options, progress }).finally(() => display.done());
  process.stdout.write(`${json ? JSON.stringify(summary) : text}\n`);
}

/** What was written, for programs and for people. */
interface Written {
  summary: object;
  text: string;
}

async function asOnnx(model: string, out: string | undefined, options: OnnxOptions): Promise<Written> {
  const [{ exportOnnx }, { formatByteSize }] = await Promise.all([
    import('../tools/export-onnx.js'),
    import('../io/byte-size.js'),
  ]);
  const summary = await exportOnnx(model, out, options);
  const port = ({ name, shape }: { name: string; shape: readonly (number | string)[] }) =>
    `${name} [${shape.join(', ')}]`;
  const { file, input, output, bytes, nodes } = summary;
  const text = `${file}: ${formatByteSize(bytes)}, ${nodes} nodes; ${port(input)} -> ${port(output)}`;
  return { summary, text };
}

async function asFolder(model: string, out: string | undefined, options: HuggingFaceOptions): Promise<Written> {
  if (out === undefined) throw new UserError('Name the folder to write: --format hf --out DIR');
  const [{ exportHuggingFace }, { formatByteSize }] = await Promise.all([
    import('../tools/hugging-face/export-folder.js'),
    import('../io/byte-size.js'),
  ]);
  const summary = await exportHuggingFace(model, out, options);
  const { files, bytes, licence, figures, notForTransformers } = summary;
  const lines = [
    `${out}: ${formatByteSize(bytes)} (${files.join(', ')})`,
    `licence: ${licence}; figures: ${figures ?? 'none (--results FILE --system NAME)'}`,
  ];
  if (notForTransformers) lines.push(`not for transformers.js: ${notForTransformers}`);
  return { summary, text: lines.join('\n') };
}

async function asWeSpeaker(model: string, out: string | undefined, options: { plugin?: string[] }): Promise<Written> {
  if (out === undefined) throw new UserError('Name the folder to write: --format wespeaker --out DIR');
  const [{ exportWeSpeaker }, { formatByteSize }] = await Promise.all([
    import('../tools/export-wespeaker.js'),
    import('../io/byte-size.js'),
  ]);
  const summary = await exportWeSpeaker(model, out, options.plugin);
  const { files, bytes, numbers } = summary;
  const text = `${out}: WeSpeaker's ${summary.model}, ${(numbers / 1e6).toFixed(2)} million numbers, ${formatByteSize(bytes)} (${files.join(', ')})`;
  return { summary, text };
}

/** @throws UserError for an option of another format; a folder for Hugging Face has the names of transformers.js anyway */
function refuseOthers(format: Format, { names, ...rest }: Omit<ExportOptions, 'format'>): void {
  const options = format === 'hf' && names === 'transformers' ? rest : { names, ...rest };
  for (const [other, names] of Object.entries(FORMATS)) {
    const name =
      other === format
        ? undefined
        : names.find((each) => each in options && options[each as keyof typeof options] !== undefined);
    const flag = name?.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    if (flag)
      throw new UserError(`--${flag} is an option of --format ${other}, and --format ${format} has no such choice.`);
  }
}
