import { copyFileSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { refuseFrontEnds } from '../embed/onnx/onnx-extractor.js';
import { ONNX_FILE, type OnnxModel, readOnnxModel } from '../embed/onnx/onnx-model.js';
import { UserError } from '../errors.js';
import { writeFileAtomic } from '../io/atomic.js';
import { makeFolder } from '../io/folder.js';
import type { PageModel } from '../page/voices.js';
import { readCalibration } from '../speakers/calibration.js';
import { chooseThreshold } from '../speakers/decision.js';
import { exportOnnx } from './export-onnx.js';

/** The package that runs ONNX files in a browser, and the files of it that the page needs. */
const RUNTIME_PACKAGE = 'onnxruntime-web';
const RUNTIME_FILES = ['ort.wasm.bundle.min.mjs', 'ort-wasm-simd-threaded.wasm'];

/** The page's own files, as the build bundles them. This file is compiled to dist/src/tools. */
const PAGE_FILES = fileURLToPath(new URL('../../page', import.meta.url));

export interface PageOptions {
  /** Folder of the package onnxruntime-web; default: beside voxloop, or in the project of the current folder. */
  onnxruntime?: string;
  /** Files of plugins that the model's backbone comes from. */
  plugin?: string[];
  threads?: number;
}

/** What was written. */
export interface PageSummary {
  out: string;
  /** Name of the model. */
  model: string;
  files: string[];
  bytes: number;
  /** False for a model without a calibration: the page then gives no verdict. */
  calibrated: boolean;
}

/**
 * Writes a page that compares voices in a browser, as static files that fetch nothing from elsewhere.
 * @param source a model folder, which is exported, or a file of `voxloop export` (or a folder with its model.onnx), which is copied
 * @param out the folder of the page: a new one, an empty one, or that of an earlier page
 * @throws UserError where onnxruntime-web is missing, for a folder with something else in it, and for a model that runs in TensorFlow only
 */
export async function writePage(source: string, out: string, options: PageOptions = {}): Promise<PageSummary> {
  refuseOtherFolders(out);
  const runtime = options.onnxruntime === undefined ? findRuntime() : runtimeAt(options.onnxruntime);
  makeFolder(join(out, 'onnxruntime'));
  const file = await placeGraph(source, out, options);
  const model = readOnnxModel(file);
  refuseFrontEnds(model);
  const folder = statSync(source).isDirectory() ? source : dirname(source);
  const described = describe(model, folder);
  writeFileAtomic(join(out, 'model.json'), `${JSON.stringify(described)}\n`);
  const own = readdirSync(PAGE_FILES);
  for (const name of own) copyFileSync(join(PAGE_FILES, name), join(out, name));
  for (const name of RUNTIME_FILES) copyFileSync(join(runtime, 'dist', name), join(out, 'onnxruntime', name));
  const files = own
    .concat(
      ONNX_FILE,
      'model.json',
      RUNTIME_FILES.map((name) => `onnxruntime/${name}`),
    )
    .sort();
  const bytes = files.reduce((sum, name) => sum + statSync(join(out, name)).size, 0);
  return { out, model: described.name, files, bytes, calibrated: described.threshold !== null };
}

function refuseOtherFolders(out: string): void {
  if (!existsSync(out)) return;
  const files = readdirSync(out);
  if (files.length === 0 || (files.includes('model.json') && files.includes('index.html'))) return;
  throw new UserError(`${out} holds files that are no page of voxloop. Choose a new or empty folder for the page.`);
}

/** The graph as model.onnx of the page. */
async function placeGraph(source: string, out: string, { plugin, threads }: PageOptions): Promise<string> {
  const target = join(out, ONNX_FILE);
  if (!existsSync(source))
    throw new UserError(`${source} does not exist. Name a model folder, or a file of \`voxloop export\`.`);
  const exported = statSync(source).isDirectory() ? join(source, ONNX_FILE) : source;
  if (existsSync(exported)) writeFileAtomic(target, readFileSync(exported));
  else await exportOnnx(source, target, { plugin, threads });
  return target;
}

function describe(model: OnnxModel, folder: string): PageModel {
  const { embeddingSize, features, hearing } = model.info;
  const identity = model.identity();
  const stored = readCalibration(folder, identity);
  const calibration = stored?.meanSubtracted === (model.mean !== null) ? stored : null;
  return {
    name: identity.name,
    embeddingSize,
    features,
    hearing,
    minFrames: model.minFrames,
    mean: model.mean && Array.from(model.mean),
    calibration: calibration && { scale: calibration.scale, offset: calibration.offset },
    threshold: chooseThreshold(calibration),
  };
}

function findRuntime(): string {
  const lookFrom = [import.meta.url, join(process.cwd(), 'package.json')];
  const folders = lookFrom.flatMap((file) => createRequire(file).resolve.paths(RUNTIME_PACKAGE) ?? []);
  const found = folders.map((folder) => join(folder, RUNTIME_PACKAGE)).find(isRuntime);
  if (found) return found;
  throw new UserError(
    `The page runs its model in ${RUNTIME_PACKAGE}, which is not installed. It takes 140 MB on disk, of which the page copies 14 MB; run: ` +
      `npm install ${RUNTIME_PACKAGE} --ignore-scripts`,
  );
}

function runtimeAt(dir: string): string {
  if (isRuntime(dir)) return dir;
  throw new UserError(
    `${dir} is not the folder of ${RUNTIME_PACKAGE}: it lacks ${RUNTIME_FILES.map((name) => `dist/${name}`).join(' or ')}.`,
  );
}

const isRuntime = (dir: string): boolean => RUNTIME_FILES.every((name) => existsSync(join(dir, 'dist', name)));
