import { analysisWindow, melFilters } from '../audio/features/fbank-mel.js';
import { frameLength, frameShift } from '../audio/features/fbank-options.js';
import type { FeatureDefinition } from '../audio/features/features.js';
import { UserError } from '../errors.js';
import { float32 } from '../host-tensor.js';
import type { OnnxGraph } from './onnx-graph.js';

/** Decoders give samples from -1 to 1, features are computed on int16 scale. */
const INT16 = 32768;

/**
 * Adds the features in front of a network: `wave` [batch, samples] float32 from -1 to 1 to the value `features` [batch, frames, bins].
 * All up to the spectrum is linear in the samples, so it is one convolution, and the mel filters are another.
 * @throws UserError for features that are not Kaldi's
 */
export function addWaveFeatures(graph: OnnxGraph, wave: string, features: string, definition: FeatureDefinition): void {
  if (definition.frontEnd)
    throw new UserError(
      `The features of this network are those of ${definition.frontEnd}, and only Kaldi's can be computed in an ONNX graph. Export it with features as its input.`,
    );
  const length = frameLength(definition);
  const fftLength = 2 ** Math.ceil(Math.log2(length));
  const mel = melFilters(definition, fftLength);
  const spectrum = spectrumKernel(definition, length, fftLength, mel[0].length);
  const filters = float32(
    mel.flatMap((filter) => [...filter, ...filter]),
    [mel.length, 2 * mel[0].length, 1],
  );
  const strides = [frameShift(definition)];
  const samples = graph.node('Unsqueeze', [wave, graph.integers([1])]);
  const parts = graph.node('Conv', [samples, graph.tensor(spectrum, 'features/spectrum')], { strides });
  const squares = graph.node('Mul', [parts, parts]);
  const energies = graph.node('Conv', [squares, graph.tensor(filters, 'features/mel')]);
  let logs = graph.node('Log', [graph.node('Max', [energies, graph.tensor(float32(definition.energyFloor))])]);
  if (definition.cmn) logs = graph.node('Sub', [logs, graph.node('ReduceMean', [logs], { axes: [2], keepdims: 1 })]);
  const attributes = { perm: [0, 2, 1] };
  graph.nodes.push({ type: 'Transpose', name: features, inputs: [logs], outputs: [features], attributes });
}

/**
 * Removal of the mean, pre-emphasis, window and Fourier transform of a frame as one matrix [2 bins, 1, length]: real parts, then
 * imaginary ones.
 */
function spectrumKernel(definition: FeatureDefinition, length: number, fftLength: number, bins: number) {
  const window = analysisWindow(definition.window, length);
  const rows = Array.from({ length: 2 * bins }, (_, row) => {
    const [wave, bin] = row < bins ? [Math.cos, row] : [Math.sin, row - bins];
    const windowed = Array.from(window, (weight, n) => weight * wave((2 * Math.PI * bin * n) / fftLength));
    return withoutMean(emphasised(windowed, definition.preEmphasis), definition.removeDcOffset);
  });
  return float32(
    rows.flat().map((value) => value * INT16),
    [2 * bins, 1, length],
  );
}

/** What a row of weights is to samples that are emphasised first; the sample before the first equals it. */
const emphasised = (weights: readonly number[], amount: number): number[] =>
  weights.map((weight, n) => weight - amount * ((n === 0 ? weight : 0) + (weights[n + 1] ?? 0)));

function withoutMean(weights: readonly number[], removed: boolean): number[] {
  const mean = removed ? weights.reduce((sum, weight) => sum + weight, 0) / weights.length : 0;
  return weights.map((weight) => weight - mean);
}
