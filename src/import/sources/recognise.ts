import { readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { UserError } from '../../errors.js';
import { readError } from '../../io/read-file.js';
import { openCheckpoint } from '../checkpoint/open-checkpoint.js';
import { readConfig } from './config-file.js';
import { fairseqSource, isFairseq } from './fairseq.js';
import type { Format } from './formats.js';
import { isPyannote, pyannoteSource } from './pyannote.js';
import { isResemblyzer, resemblyzerSource } from './resemblyzer.js';
import type { Found, Source } from './source.js';
import { isSpeechBrain, SPEECHBRAIN_CONFIG, speechbrainSource } from './speechbrain.js';
import { isSslsv, SSLSV_CHECKPOINTS, SSLSV_CONFIG, sslsvSource } from './sslsv.js';
import { threeDSpeakerNetwork, threeDSpeakerSource } from './three-d-speaker.js';
import { isTransformers, TRANSFORMERS_CONFIG, transformersSource } from './transformers.js';
import { isWeSpeaker, WESPEAKER_CONFIG, wespeakerSource } from './wespeaker.js';

/** Usual names of a folder's weights, the first found is taken. */
const USUAL = [
  'avg_model.pt',
  'avg_model',
  'avg_model.safetensors',
  'pytorch_model.bin',
  'model.safetensors',
  'embedding_model.ckpt',
  'model_avg.pt',
  'model_best.pt',
  'model_latest.pt',
];
const WEIGHTS = /\.(pt|pth|bin|ckpt|safetensors)$/;

/** A published model: its checkpoint, and what it is, which its settings and names tell, or `format` where they do not. */
export async function recognise(path: string, format?: Format): Promise<Found & { source: Source }> {
  const file = checkpointIn(path);
  const checkpoint = await openCheckpoint(file);
  const found = { checkpoint, dir: dirname(file) };
  return { ...found, source: sourceOf(found, format) };
}

/** The file of weights that a file or folder means. @throws UserError for a folder that holds none, or several */
function checkpointIn(path: string): string {
  const names = namesIn(path);
  if (!names) return path;
  if (names.includes(SSLSV_CONFIG) && names.includes(SSLSV_CHECKPOINTS))
    return checkpointIn(join(path, SSLSV_CHECKPOINTS));
  const usual = USUAL.find((name) => names.includes(name));
  const others = names.filter((name) => WEIGHTS.test(name));
  if (usual !== undefined) return join(path, usual);
  if (others.length === 1) return join(path, others[0]);
  const which = others.length === 0 ? `none of ${USUAL.join(', ')}` : `several files of weights (${others.join(', ')})`;
  throw new UserError(`${path} holds ${which}. Name the file of weights itself.`);
}

/** Names in a folder; undefined for a file. */
function namesIn(path: string): string[] | undefined {
  try {
    return statSync(path).isDirectory() ? readdirSync(path).sort() : undefined;
  } catch (error) {
    throw readError(path, error);
  }
}

function sourceOf(found: Found, format: Format | undefined): Source {
  const { checkpoint, dir } = found;
  if (format === 'pyannote' || (!format && isPyannote(checkpoint))) return pyannoteSource(checkpoint);
  if (format === 'resemblyzer' || (!format && isResemblyzer(checkpoint))) return resemblyzerSource(checkpoint);
  if (format === 'fairseq' || (!format && isFairseq(checkpoint))) return fairseqSource(checkpoint);
  if (format === '3d-speaker') return threeDSpeakerSource(checkpoint);
  const config = readConfig(join(dir, WESPEAKER_CONFIG));
  if (isWeSpeaker(config) && format !== 'speechbrain') return wespeakerSource(found, config);
  const hyperparameters = readConfig(join(dir, SPEECHBRAIN_CONFIG));
  if (isSpeechBrain(hyperparameters) && format !== 'wespeaker') return speechbrainSource(found, hyperparameters);
  const described = readConfig(join(dir, TRANSFORMERS_CONFIG));
  if (isTransformers(described) && (!format || format === 'transformers')) return transformersSource(found, described);
  if (format === 'transformers')
    throw new UserError(
      `${join(dir, TRANSFORMERS_CONFIG)} with 'model_type' is missing: transformers keeps it beside the weights.`,
    );
  const training = configOfSslsv(dir);
  if (training && (!format || format === 'sslsv')) return sslsvSource(training.path, training.config);
  if (format === 'sslsv')
    throw new UserError(
      `${SSLSV_CONFIG} with 'encoder' and 'method' is missing: sslsv keeps it in the folder above that of its checkpoints. ` +
        `It is looked for in ${dir} and above it.`,
    );
  if (format === 'speechbrain')
    throw new UserError(
      `${join(dir, SPEECHBRAIN_CONFIG)} with 'compute_features' and 'embedding_model' is missing: SpeechBrain keeps it beside the weights.`,
    );
  if (format === 'wespeaker')
    throw new UserError(
      `${join(dir, WESPEAKER_CONFIG)} with 'model' and 'model_args' is missing: WeSpeaker keeps it beside the weights.`,
    );
  if (isThreeDSpeaker(dir)) return threeDSpeakerSource(checkpoint);
  const names = [...checkpoint.tensors.keys()].slice(0, 4).join(', ');
  const network = threeDSpeakerNetwork(checkpoint);
  const choices = network
    ? ` It may be 3D-Speaker's ${network}: --format 3d-speaker gives it the features of 3D-Speaker.`
    : '';
  throw new UserError(
    `What ${checkpoint.path} is cannot be told: there is no ${WESPEAKER_CONFIG} of WeSpeaker beside it, and its weights are named ${names}.${choices}`,
  );
}

/** The settings of a training with sslsv, beside its checkpoint or one folder up, where sslsv keeps them; undefined where there are none. */
function configOfSslsv(dir: string): { path: string; config: Record<string, unknown> } | undefined {
  for (const folder of [dir, dirname(resolve(dir))]) {
    const path = join(folder, SSLSV_CONFIG);
    const config = readConfig(path);
    if (isSslsv(config)) return { path, config };
  }
  return undefined;
}

/** ModelScope's description of a model, which 3D-Speaker's come with. */
function isThreeDSpeaker(dir: string): boolean {
  const description = readConfig(join(dir, 'configuration.json')) as { model?: { type?: unknown } } | undefined;
  return /^(cam\+\+|eres2net)/.test(String(description?.model?.type));
}
