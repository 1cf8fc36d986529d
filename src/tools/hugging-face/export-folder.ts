import { existsSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { MODEL_FILE, type Model, type ModelInfo, refuseModel } from '../../embed/model-file.js';
import { modelName } from '../../embed/weights-identity.js';
import { UserError } from '../../errors.js';
import { writeFileAtomic } from '../../io/atomic.js';
import { piecesOf, withFile } from '../../io/read-file.js';
import type { WeightType } from '../../onnx/narrow-weights.js';
import { readCalibration, writeCalibration } from '../../speakers/calibration.js';
import { identityOf } from '../../speakers/model-identity.js';
import { PORT_NAMES } from '../export-onnx.js';
import { writerOf } from '../onnx-of-model.js';
import { readNetwork } from '../open-network.js';
import { modelCard } from './card.js';
import { figuresOf, type SystemFigures, systemsIn } from './figures.js';
import { transformersConfig } from './transformers-config.js';

/** What a model card cannot take from the model. */
export interface HuggingFaceOptions {
  /** Title of the card. Default: the model's origin, backbone and size. */
  name?: string;
  /** Licence as Hugging Face writes it, such as `cc-by-4.0`. Default: the model's, where it is written so; else `unknown`. */
  licence?: string;
  /** ISO 639 code of the language that it was trained on. Default: none is said. */
  language?: string;
  /** results.json whose figures are the model's. Default: that of the run that the model lies in, where it holds one system. */
  results?: string;
  /** The model's system in it. */
  system?: string;
  /** Files of plugins that the model's backbone comes from. */
  plugin?: string[];
  threads?: number;
  progress?: (done: number, total: number) => void;
}

/** What was written. */
export interface HuggingFaceSummary {
  out: string;
  files: string[];
  /** Of all files together. */
  bytes: number;
  licence: string;
  /** Name of the system whose figures are on the card; null where there are none. */
  figures: string | null;
  /** Why transformers.js cannot compute the model's features; null where it can. */
  notForTransformers: string | null;
}

/** Files of the graph, as transformers.js looks for them. */
const GRAPHS: Readonly<Record<string, WeightType>> = {
  'onnx/model.onnx': 'float32',
  'onnx/model_fp16.onnx': 'float16',
  'onnx/model_quantized.onnx': 'int8',
};

/** Texts that a packed model brings along. */
const TEXTS = ['LICENSES.md', 'COMMANDS.md'];

/**
 * Writes a folder to upload to Hugging Face: model card, the model as it is (voxloop opens the folder, calibration included), and its graph
 * as ONNX with the settings that transformers.js asks for.
 * @param dir model folder
 * @param out folder to write, which holds no model
 * @throws UserError when `dir` holds no model or `out` holds one, for results without such a system, and for a network that has no ONNX
 */
export async function exportHuggingFace(
  dir: string,
  out: string,
  options: HuggingFaceOptions = {},
): Promise<HuggingFaceSummary> {
  refuseModel(out);
  const { model, build } = await readNetwork(dir, options.plugin ?? []);
  const figures = figuresFor(dir, options);
  const calibration = readCalibration(dir, identityOf(model));
  const { language, threads, progress } = options;
  const graph = { names: PORT_NAMES.transformers, input: 'features', language, threads, progress } as const;
  const { write, minFrames } = await writerOf({ model, build }, graph);
  const config = transformersConfig(model.info, minFrames);
  const unfit = 'unfit' in config ? config.unfit : null;
  const licence = options.licence ?? identifierOf(model.info) ?? 'unknown';
  const files: string[] = [];
  const put = (file: string, ...content: (string | Uint8Array)[]) => {
    writeFileAtomic(join(out, file), ...content);
    files.push(file);
  };
  for (const [file, weights] of Object.entries(GRAPHS)) put(file, ...write(weights).pieces);
  if (!('unfit' in config))
    for (const [file, settings] of Object.entries(config)) put(file, `${JSON.stringify(settings, null, 2)}\n`);
  for (const text of TEXTS.filter((name) => existsSync(join(dir, name)))) put(text, contentOf(join(dir, text)));
  put('README.md', cardOf(model, { ...options, licence, figures, forTransformers: unfit === null }));
  if (calibration) {
    writeCalibration(out, calibration);
    files.push('calibration.json');
  }
  // A stopped command leaves no folder that looks whole: the model comes last.
  put(MODEL_FILE, ...piecesOf(contentOf(join(dir, MODEL_FILE))));
  const bytes = files.reduce((sum, file) => sum + statSync(join(out, file)).size, 0);
  return { out, files, bytes, licence, figures: figures?.system ?? null, notForTransformers: unfit };
}

const contentOf = (path: string): Uint8Array => withFile(path, (file) => new Uint8Array(file.read(0, file.bytes)));

type CardOptions = Pick<HuggingFaceOptions, 'name' | 'language'> & {
  licence: string;
  figures: SystemFigures | undefined;
  forTransformers: boolean;
};

function cardOf({ dir, info, weights }: Model, { name = modelName(info), language, ...facts }: CardOptions): string {
  const numbers = Object.values(weights).reduce((sum, { data }) => sum + data.length, 0);
  const own = join(dir, 'CARD.md');
  return modelCard({
    ...facts,
    name,
    info,
    numbers,
    language: /^[a-z]{2,3}$/.test(language ?? '') ? language : undefined,
    text: existsSync(own) ? Buffer.from(contentOf(own)).toString('utf8') : undefined,
  });
}

/** A model's licence where it is an identifier, such as `CC-BY-4.0` or "Apache-2.0, 3D-Speaker's". */
function identifierOf({ licence = '' }: ModelInfo): string | undefined {
  const [first] = licence.toLowerCase().split(',');
  return /^[a-z][a-z0-9.+-]*\d[a-z0-9.+-]*$|^mit$/.test(first) ? first : undefined;
}

function figuresFor(dir: string, { results, system }: HuggingFaceOptions): SystemFigures | undefined {
  if (results !== undefined) return figuresOf(results, system);
  const found = resultsOfRun(dir);
  if (system === undefined) return found !== undefined && systemsIn(found).length === 1 ? figuresOf(found) : undefined;
  if (found !== undefined) return figuresOf(found, system);
  throw new UserError(`${dir} does not lie in a run with a results.json. Name the file: --results RUN/results.json`);
}

/** results.json of the run that a model lies in: RUN/stages/NAME/model, or deeper. */
function resultsOfRun(dir: string): string | undefined {
  let folder = existsSync(dir) ? realpathSync(dir) : resolve(dir);
  while (dirname(folder) !== folder) {
    const parent = dirname(folder);
    const path = join(parent, 'results.json');
    if (basename(folder) === 'stages' && existsSync(path)) return path;
    folder = parent;
  }
  return undefined;
}
