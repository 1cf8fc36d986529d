import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { messageOf, UserError } from '../../errors.js';
import { float32, type HostTensor } from '../../host-tensor.js';
import { writeFileAtomic } from '../../io/atomic.js';
import { readError } from '../../io/read-file.js';
import { readSafetensors, writeSafetensors } from '../../io/safetensors.js';
import { modelIdentity } from '../model-identity.js';
import { type Calibration, calibrationSchema, scoreKind } from './calibration.js';
import type { Backend } from './scoring-backend.js';
import type { EmbeddingStep } from './steps.js';

/** Steps, PLDA and cohort of a back-end folder; numbers are kept as float32. */
export const BACKEND_FILE = 'backend.safetensors';
/** The calibration of a back-end folder, where it has one. */
export const CALIBRATION_FILE = 'score-calibration.json';

const description = z.strictObject({
  format: z.literal('voxloop-backend-1'),
  size: z.number().int().positive(),
  steps: z.array(z.enum(['affine', 'length-norm'])),
  plda: z
    .strictObject({ sessions: z.enum(['count', 'mean']), lengthNorm: z.enum(['none', 'simple', 'kaldi']) })
    .nullable(),
  norm: scoreKind.shape.norm,
  model: modelIdentity.nullable().default(null),
});

/** Writes a back-end into a folder: backend.safetensors and, where it has one, score-calibration.json. */
export function writeBackend(dir: string, { size, steps, plda, norm, cohort, calibration, model }: Backend): void {
  const tensors: Record<string, HostTensor> = {};
  const put = (name: string, values: Float64Array | Float32Array, shape = [values.length]) => {
    tensors[name] = float32(Float32Array.from(values), shape);
  };
  for (const [i, step] of steps.entries()) {
    if (step.kind !== 'affine') continue;
    const inputs = step.mean.length;
    put(`steps/${i}/mean`, step.mean);
    if (step.matrix) put(`steps/${i}/matrix`, step.matrix, [step.matrix.length / inputs, inputs]);
  }
  if (plda) {
    put('plda/mean', plda.model.mean);
    put('plda/transform', plda.model.transform, [plda.model.size, plda.model.size]);
    put('plda/between-variances', plda.model.betweenVariances);
  }
  if (cohort) put('cohort', cohort, [cohort.length / size, size]);
  const kinds = steps.map(({ kind }) => kind);
  const facts = { format: 'voxloop-backend-1', size, steps: kinds, plda: plda?.scoring ?? null, norm, model };
  writeSafetensors(join(dir, BACKEND_FILE), tensors, { voxloop: JSON.stringify(facts) });
  if (calibration) writeCalibration(join(dir, CALIBRATION_FILE), calibration);
}

/** Reads a back-end folder. @throws UserError naming the file when it is missing, of another kind or cut short */
export function readBackend(dir: string): Backend {
  const path = join(dir, BACKEND_FILE);
  const { tensors, metadata } = readSafetensors(path);
  const { size, steps, plda, norm, model } = parsed(description, metadata.voxloop ?? '', path, 'a back-end');
  const take = (name: string, length: number) => {
    const data = tensors[name]?.data;
    if (data instanceof Float32Array && data.length === length) return Float64Array.from(data);
    throw new UserError(`${path} is an incomplete back-end: ${name} is missing or has another size. Train it again.`);
  };
  let width = size;
  const readStep = (kind: EmbeddingStep['kind'], i: number): EmbeddingStep => {
    if (kind === 'length-norm') return { kind };
    const mean = take(`steps/${i}/mean`, width);
    const rows = tensors[`steps/${i}/matrix`]?.shape[0];
    if (rows === undefined) return { kind, mean, matrix: null };
    const matrix = take(`steps/${i}/matrix`, rows * width);
    width = rows;
    return { kind, mean, matrix };
  };
  const read = steps.map(readStep);
  const pldaModel = plda && {
    size: width,
    mean: take('plda/mean', width),
    transform: take('plda/transform', width * width),
    betweenVariances: take('plda/between-variances', width),
  };
  const cohort = tensors.cohort ? Float32Array.from(take('cohort', (tensors.cohort.shape[0] ?? 0) * size)) : null;
  const calibrationPath = join(dir, CALIBRATION_FILE);
  const calibration = existsSync(calibrationPath) ? readCalibration(calibrationPath) : null;
  return { size, steps: read, plda: plda && { model: pldaModel!, scoring: plda }, norm, cohort, calibration, model };
}

/** Writes a calibration as JSON, whole or not at all. */
export function writeCalibration(path: string, calibration: Calibration): void {
  writeFileAtomic(path, `${JSON.stringify(calibration, null, 2)}\n`);
}

/** Reads a calibration. @throws UserError naming the file when it is missing or of another kind */
export function readCalibration(path: string): Calibration {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw readError(path, error);
  }
  return parsed(calibrationSchema, text, path, 'a calibration');
}

function parsed<S extends z.ZodType>(schema: S, json: string, path: string, what: string): z.output<S> {
  try {
    return schema.parse(JSON.parse(json));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error).split('\n')[0] : messageOf(error);
    throw new UserError(`${path} is not ${what} of voxloop (${why}). Give the output of a backend stage.`);
  }
}
