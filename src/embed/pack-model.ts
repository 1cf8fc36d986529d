import { statSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.js';
import { fitsFloat16, toFloat16 } from '../float-types.js';
import type { HostTensor } from '../host-tensor.js';
import { writeFileAtomic } from '../io/atomic.js';
import { withFile } from '../io/read-file.js';
import { MODEL_FILE, readModel, refuseModel, writeModel } from './model-file.js';
import { modelName } from './weights-identity.js';

/** What goes with a model that is handed on. */
export interface PackOptions {
  /** The model's name for people, its version included. Default: that of the model. */
  name?: string;
  /** File that becomes CARD.md: what the model is, what it was trained on, figures, limits, intended use. */
  card?: string;
  /** File that becomes LICENSES.md: whose recordings it was trained on, and their licences. */
  licences?: string;
  /** File that becomes COMMANDS.md: the commands that made the model. */
  commands?: string;
}

/** What was packed. */
export interface PackSummary {
  /** Folder of the packed model. */
  out: string;
  name: string;
  /** Numbers of the network, running statistics included. */
  numbers: number;
  /** Names of the files in the folder. */
  files: string[];
  /** Bytes of these files together. */
  bytes: number;
}

/**
 * Writes a model to hand on: its network and mean embedding, nothing else that its file may hold, weights in float16, and the texts that
 * belong to it. Its vectors and its identity are a little different from those of the model: a calibration is to be made of the packed one.
 *
 * @param dir model folder
 * @param out folder to write, which holds no model
 * @throws UserError when `dir` holds no model or `out` holds one, when a text is missing, and for a weight that float16 does not hold
 */
export function packModel(dir: string, out: string, options: PackOptions = {}): PackSummary {
  refuseModel(out);
  const { info, weights, mean } = readModel(dir);
  const { format: _, ...description } = info;
  if (options.name !== undefined) description.origin = options.name;
  const narrow = Object.entries(weights).map(([name, tensor]) => [name, narrowed(dir, name, tensor)] as const);
  const texts = textsOf(options);
  // A stopped command leaves no folder that looks whole: the model comes last.
  for (const { file, text } of texts) writeFileAtomic(join(out, file), text);
  writeModel(out, description, Object.fromEntries(narrow), mean);
  const files = [MODEL_FILE, ...texts.map(({ file }) => file)];
  return {
    out,
    name: modelName(description),
    numbers: narrow.reduce((sum, [, { data }]) => sum + data.length, 0),
    files,
    bytes: files.reduce((sum, file) => sum + statSync(join(out, file)).size, 0),
  };
}

/** Statistics, scales and biases, the vectors, stay as they are: they weigh little, and a variance may be beyond the range. */
function narrowed(dir: string, name: string, tensor: HostTensor): HostTensor {
  const { dtype, shape, data } = tensor;
  if (dtype !== 'float32' || shape.length < 2) return tensor;
  const values = data as Float32Array;
  const beyond = values.find((value) => !fitsFloat16(value));
  if (beyond === undefined) return toFloat16(tensor);
  throw new UserError(
    `${join(dir, MODEL_FILE)}: tensor ${name} holds ${beyond}, which float16 does not (the largest is 65504). ` +
      'The training went wrong: take an earlier model.',
  );
}

function textsOf({ card, licences, commands }: PackOptions): { file: string; text: Uint8Array }[] {
  const named = { 'CARD.md': card, 'LICENSES.md': licences, 'COMMANDS.md': commands };
  const chosen = Object.entries(named).flatMap(([file, path]) => (path === undefined ? [] : [{ file, path }]));
  return chosen.map(({ file, path }) => ({
    file,
    text: withFile(path, (input) => new Uint8Array(input.read(0, input.bytes))),
  }));
}
