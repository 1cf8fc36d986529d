import { join } from 'node:path';
import type { Command } from 'commander';
import { declareInputs, refuseInput } from '../io/inputs.js';
import type { OnnxOptions } from '../tools/export-onnx.js';
import { addPluginOption } from './options/model-options.js';
import { outputOption } from './options/output-files.js';
import { choice, wholeNumber } from './options/values.js';

interface ExportOptions extends OnnxOptions {
  out?: string;
  json?: boolean;
}

const AFTER = `
Examples:
  voxloop export runs/mine/stages/embed/model
  voxloop export runs/mine/stages/embed/model --out speaker.onnx
  voxloop export MODEL --names transformers --weights float16 --out onnx/model_fp16.onnx
  voxloop export MODEL --input wave --subtract-mean --out recording-to-vector.onnx
docs/export.md shows how to use the file. Commands with --model take it, or its folder, too, and need no TensorFlow for it.
`;

/** `voxloop export`: a model for other programs. */
export function register(program: Command): void {
  const command = program
    .command('export')
    .summary('a model as an ONNX file for other programs')
    .description(
      'Writes the network of a model, of any backbone and pooling, plugins included, as an ONNX file (opset 14) for batches and ' +
        'recordings of any size, with the metadata that sherpa-onnx asks for. It takes features [batch, frames, bins] as the model knows ' +
        'them (log mel energies on int16 scale, less their mean), or with --input wave the samples themselves.',
    )
    .argument('<model>', 'model folder, e.g. RUN/stages/embed/model')
    .addOption(choice(program, '--format <format>', 'what to write', ['onnx'], 'onnx'))
    .addOption(
      outputOption(
        program,
        '--out <path>',
        'file to write, .onnx; or a folder for model.onnx and the calibration (default: the model folder)',
      ),
    )
    .addOption(
      choice(
        program,
        '--names <set>',
        'feats and embs (WeSpeaker, sherpa-onnx) or input_features and last_hidden_state (transformers.js)',
        ['wespeaker', 'transformers'],
        'wespeaker',
      ),
    )
    .addOption(
      choice(
        program,
        '--input <kind>',
        'features, or wave [batch, samples] from -1 to 1',
        ['features', 'wave'],
        'features',
      ),
    )
    .addOption(
      choice(
        program,
        '--weights <type>',
        'how large weights are stored; all compute in float32',
        ['float32', 'float16', 'int8'],
        'float32',
      ),
    )
    .option('--subtract-mean', 'subtract the mean embedding of the training utterances, as verify and identify do')
    .option('--language <name>', 'language for the metadata', 'unknown');
  addPluginOption(command)
    .option('--threads <n>', 'threads of one operation; 0: one per core', wholeNumber(0), 0)
    .option('--json', 'print {file, bytes, nodes, input, output}')
    .addHelpText('after', AFTER)
    .action(exportModel);
}

async function exportModel(model: string, { out, json, ...options }: ExportOptions): Promise<void> {
  const [{ exportOnnx }, { MODEL_FILE }, { createProgress }, { formatByteSize }] = await Promise.all([
    import('../tools/export-onnx.js'),
    import('../embed/model-file.js'),
    import('../pipeline/run/progress.js'),
    import('../io/byte-size.js'),
  ]);
  declareInputs([join(model, MODEL_FILE)]);
  if (out !== undefined) refuseInput(out);
  const display = createProgress({ stream: process.stderr, label: 'trace' });
  const progress = (step: number, total: number) => display.update({ step, total });
  const summary = await exportOnnx(model, out, { ...options, progress }).finally(() => display.done());
  const port = ({ name, shape }: { name: string; shape: readonly (number | string)[] }) =>
    `${name} [${shape.join(', ')}]`;
  const { input, output, bytes, nodes } = summary;
  const text = `${summary.file}: ${formatByteSize(bytes)}, ${nodes} nodes; ${port(input)} -> ${port(output)}`;
  process.stdout.write(`${json ? JSON.stringify(summary) : text}\n`);
}
