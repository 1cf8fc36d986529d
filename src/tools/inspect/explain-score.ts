import { loadMono16k } from '../../audio/decode/decode.js';
import { upperHz } from '../../audio/features/fbank-options.js';
import { toPcm16 } from '../../data/shards/pcm16.js';
import { packagedModel } from '../../embed/packaged-model.js';
import { withSession } from '../../engine/session/with-session.js';
import { messageOf, UserError } from '../../errors.js';
import { type Explanation, openExplainer } from '../../inspect/saliency/explain.js';
import { resampleMap } from '../../inspect/saliency/resample-map.js';
import type { SaliencyChart } from '../../report/inspect/saliency-chart.js';
import { centroidOf } from '../../speakers/directions.js';
import { directionOfFile, type SpeakerModel, speakerModel } from '../../speakers/speaker-model.js';
import { readStoreVectors, speakerOf } from '../../speakers/store.js';
import { modelForStore } from '../../speakers/store-space.js';
import { filesOfModel } from '../describe-model.js';
import { openModel } from '../open-model.js';
import { readNetwork } from '../open-network.js';

/** Whom a recording is compared with: another recording, or an enrolled speaker. */
export type Reference = { file: string } | { store: string; speaker: string };

/** How `explainScore` runs. */
export interface ExplainOptions {
  /** Default: the last map over time and frequency, else the features. */
  layer?: string;
  /** Compare without subtracting the model's mean embedding. */
  raw?: boolean;
  device?: 'auto' | 'cpu' | 'gpu';
  threads?: number;
  plugin?: string[];
}

/** Where in a recording its score with another, or with a speaker, comes from. */
export type ExplainedScore = Explanation & {
  layers: string[];
  seconds: number;
  /** The most salient place. */
  peak: { seconds: number; hz: number };
  chart: SaliencyChart;
};

/**
 * Explains the cosine of a recording with a reference by LayerCAM on a layer of the model, a folder, by default the one that comes with voxloop.
 * @throws UserError for a model without a network, a layer that is not there, and files or speakers that cannot be used
 */
export async function explainScore(
  file: string,
  reference: Reference,
  {
    layer,
    raw = false,
    device = 'auto',
    threads = 0,
    plugin = [],
    model: dir = packagedModel(),
  }: ExplainOptions & { model?: string } = {},
): Promise<ExplainedScore> {
  const { network } = filesOfModel(dir);
  if (network === undefined)
    throw new UserError(
      `${dir} is an exported model, which has no gradients. Give the folder that it was exported from.`,
    );
  const { model, build } = await readNetwork(network, plugin);
  const { features } = model.info;
  if (features.frontEnd === 'waveform')
    throw new UserError(
      `${dir} hears the waveform itself, and saliency is shown over a spectrogram. Take a model of mel features.`,
    );
  const { direction, mean } = await directionOfReference(dir, reference, { raw, device, threads, plugin });
  const pcm = await samplesOf(file);
  return withSession({ device, threads, seed: 0, name: 'saliency' }, async (session) => {
    const { layers, explain } = await openExplainer(session, model, build, mean);
    const found = await explain(pcm, direction, layer);
    const { frames, bins } = found;
    const seconds = (frames * features.frameShiftMs) / 1000;
    const saliency = resampleMap(
      { values: found.saliency, times: found.times, rows: found.rows },
      { times: frames, rows: bins },
    );
    const [lowHz, highHz] = [features.lowHz, upperHz(features.highHz, features.sampleRateHz)];
    const most = saliency.indexOf(saliency.reduce((a, b) => Math.max(a, b), 0));
    const peak = {
      seconds: ((Math.floor(most / bins) + 0.5) * features.frameShiftMs) / 1000,
      hz: Math.round(centreHz(most % bins, { bins, lowHz, highHz })),
    };
    const title = `Score ${found.score.toFixed(3)}, ${found.layer}`;
    const chart = { title, seconds, spectrogram: found.features, saliency, frames, bins, lowHz, highHz };
    return { ...found, layers, seconds, peak, chart };
  });
}

/** The middle of a mel bin. */
function centreHz(bin: number, { bins, lowHz, highHz }: { bins: number; lowHz: number; highHz: number }): number {
  const mel = (hz: number) => 1127 * Math.log(1 + hz / 700);
  const place = mel(lowHz) + ((bin + 1) * (mel(highHz) - mel(lowHz))) / (bins + 1);
  return 700 * (Math.exp(place / 1127) - 1);
}

async function directionOfReference(
  dir: string,
  reference: Reference,
  { raw, ...options }: Required<Pick<ExplainOptions, 'raw' | 'device' | 'threads' | 'plugin'>>,
): Promise<{ direction: Float32Array; mean: Float32Array | null }> {
  const { model, extractor, close } = await openModel(dir, options);
  try {
    const speaker = speakerModel(model, extractor, { raw });
    return { direction: await directionIn(speaker, reference), mean: speaker.mean };
  } finally {
    await close();
  }
}

async function directionIn(model: SpeakerModel, reference: Reference): Promise<Float32Array> {
  if ('file' in reference) return directionOfFile(model, reference.file);
  const { store: dir, speaker } = reference;
  const { vectors } = readStoreVectors(dir, (opened) => {
    modelForStore(dir, opened.info, model);
    return [speakerOf(opened, speaker)];
  });
  return centroidOf(speaker, vectors, model.extractor.size);
}

async function samplesOf(file: string): Promise<Int16Array> {
  const samples = await loadMono16k(file);
  try {
    return toPcm16(samples);
  } catch (error) {
    throw error instanceof UserError ? new UserError(`${file}: ${messageOf(error)}`) : error;
  }
}
