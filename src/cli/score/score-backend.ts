import type { DescribedModel } from '../../embed/described-model.js';
import { UserError } from '../../errors.js';
import { readBackend, readCalibration } from '../../eval/backend/backend-file.js';
import { KALDI_SCORING } from '../../eval/backend/plda.js';
import { readKaldiPlda } from '../../eval/backend/plda-kaldi.js';
import {
  type Backend,
  checkBackend,
  checkBackendModel,
  cohortFault,
  cohortUses,
  DEFAULT_TOP,
} from '../../eval/backend/scoring-backend.js';
import { sizeAfter, subtraction } from '../../eval/backend/steps.js';
import { meanEmbedding } from '../../eval/cosine-scoring.js';
import { readNpy } from '../../io/npy.js';
import { rowsOf } from '../../rows.js';

/** The options that choose a back-end. */
export interface BackendOptions {
  raw?: boolean;
  mean?: string;
  backend?: string;
  plda?: string;
  norm?: 'as-norm' | 's-norm';
  /** false: --no-cohort. */
  cohort?: string | false;
  top?: number;
  calibration?: string;
}

/** The parts of a model that a back-end must fit. */
export type ScoredModel = Pick<DescribedModel, 'info' | 'mean' | 'weightsIdentity'>;

/**
 * The chain that the options ask for; without any, the cosine with the mean embedding of the model's training data subtracted.
 * @throws UserError for parts that do not fit each other, and for a back-end that learned from another model's embeddings
 */
export function chosenBackend(options: BackendOptions, scored: ScoredModel): Backend {
  const size = scored.info.embeddingSize;
  const base = baseOf(options, scored);
  const kind = options.norm ?? base.norm?.kind;
  if (options.top !== undefined && kind !== 'as-norm') throw new UserError('--top goes with as-norm only.');
  const backend: Backend = {
    ...base,
    plda: options.plda === undefined ? base.plda : kaldiPlda(options.plda, sizeAfter(base.steps, base.size)),
    norm: kind ? { kind, top: options.top ?? base.norm?.top ?? DEFAULT_TOP } : null,
    cohort: typeof options.cohort === 'string' ? matrixOfFile(options.cohort, size) : base.cohort,
    calibration: options.calibration === undefined ? base.calibration : readCalibration(options.calibration),
  };
  const uses = cohortUses(backend);
  const fault = options.cohort === false && cohortFault(uses);
  if (fault) throw new UserError(fault);
  if (typeof options.cohort === 'string' && uses.length === 0)
    throw new UserError('--cohort goes with --norm, or with a back-end that looks at a cohort.');
  checkBackend(backend);
  return backend;
}

function baseOf({ backend, raw, mean }: BackendOptions, scored: ScoredModel): Backend {
  const size = scored.info.embeddingSize;
  if (backend !== undefined) {
    if (raw || mean !== undefined)
      throw new UserError('A back-end brings its own mean: leave --raw and --mean out, or --backend.');
    const read = readBackend(backend);
    checkBackendModel(`The back-end in ${backend}`, read, scored.weightsIdentity());
    if (read.size === size) return read;
    throw new UserError(
      `${backend} takes embeddings of ${read.size} dimensions, and those of this model have ${size}.`,
    );
  }
  if (raw && mean !== undefined) throw new UserError('Give either --raw or --mean, not both.');
  const subtracted = mean === undefined ? scored.mean : meanEmbedding(rowsOf(matrixOfFile(mean, size), size));
  const steps = subtracted && !raw ? [subtraction(subtracted)] : [];
  return { size, steps, plda: null, norm: null, cohort: null, calibration: null, model: null };
}

function kaldiPlda(path: string, size: number): Backend['plda'] {
  const model = readKaldiPlda(path);
  if (model.size === size) return { model, scoring: KALDI_SCORING };
  throw new UserError(`${path} is a PLDA of ${model.size} dimensions, and the embeddings that reach it have ${size}.`);
}

/** [rows * size] of a .npy file of one vector or of rows. */
function matrixOfFile(path: string, size: number): Float32Array {
  const { shape, data } = readNpy(path);
  if (data instanceof Float32Array && shape.length <= 2 && shape.at(-1) === size && data.length > 0) return data;
  throw new UserError(
    `${path} must hold float32 embeddings of ${size} dimensions; it holds an array of shape [${shape}].`,
  );
}
