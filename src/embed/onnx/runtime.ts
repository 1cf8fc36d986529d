import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { messageOf, UserError } from '../../errors.js';

/** The package that runs ONNX files. */
export const RUNTIME_PACKAGE = 'onnxruntime-node';

/** The command that brings it; its script would fetch libraries for GPUs, which are not used. */
export const RUNTIME_INSTALL = `npm install ${RUNTIME_PACKAGE} --ignore-scripts`;

/** The oldest version that was tried. */
const LEAST_VERSION = '1.16.0';

/** Where the package is installed. */
export interface RuntimeLocation {
  dir: string;
  version: string;
}

/** As much of the package's interface as is used. */
export interface Runtime {
  InferenceSession: { create(path: string, options: Readonly<Record<string, unknown>>): Promise<RuntimeSession> };
  Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => RuntimeTensor;
}

export interface RuntimeSession {
  inputNames: readonly string[];
  outputNames: readonly string[];
  run(feeds: Readonly<Record<string, RuntimeTensor>>): Promise<Readonly<Record<string, RuntimeTensor>>>;
  release?(): Promise<void>;
}

export interface RuntimeTensor {
  data: unknown;
}

/** Files that packages are looked for from: this one, and one of the current folder, for a voxloop that is installed elsewhere. */
const lookFrom = (): string[] => [import.meta.url, join(process.cwd(), 'package.json')];

/** Finds onnxruntime-node beside voxloop or in the project of the current folder; null where it is in neither. Loads nothing. */
export function findRuntime(from: readonly string[] = lookFrom()): RuntimeLocation | null {
  for (const file of from) {
    try {
      const manifest = createRequire(file).resolve(`${RUNTIME_PACKAGE}/package.json`);
      const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
      return { dir: dirname(manifest), version };
    } catch {}
  }
  return null;
}

/** Loads onnxruntime-node. @throws UserError where it is not installed, too old, or not made for this machine */
export function loadRuntime(found: RuntimeLocation | null = findRuntime()): Runtime {
  if (!found) {
    throw new UserError(
      `ONNX files run in ${RUNTIME_PACKAGE}, which is not installed. It takes 290 MB on disk; run: ${RUNTIME_INSTALL}`,
    );
  }
  const { dir, version } = found;
  if (version.localeCompare(LEAST_VERSION, 'en', { numeric: true }) < 0) {
    throw new UserError(
      `${RUNTIME_PACKAGE} ${version} in ${dir} is older than ${LEAST_VERSION}; run: npm install ${RUNTIME_PACKAGE}@latest`,
    );
  }
  try {
    return createRequire(join(dir, 'package.json'))(dir) as Runtime;
  } catch (error) {
    const [reason] = messageOf(error).split('\n');
    throw new UserError(
      `${RUNTIME_PACKAGE} ${version} in ${dir} cannot be loaded on ${process.platform}-${process.arch} with Node ${process.versions.node}: ${reason}. ` +
        'It has no binaries for every machine: use another version of it, or TensorFlow (npx voxloop setup).',
    );
  }
}
