import type { PublishedNames } from './published-names.js';

/**
 * Names of Resemblyzer's encoder of `layers` layers (https://github.com/resemble-ai/Resemblyzer): PyTorch's of its LSTM, with two biases a
 * layer.
 */
export function resemblyzerNames(layers: number): PublishedNames {
  const numbers = Array.from({ length: layers }, (_, i) => i + 1);
  const of = (pair: (layer: number, suffix: string) => [string, string][]) =>
    Object.fromEntries(numbers.flatMap((layer) => pair(layer, `l${layer - 1}`)));
  return {
    rules: [['embedding', 'linear']],
    tensors: of((layer, suffix) => [
      [`layer${layer}/input/weight`, `lstm.weight_ih_${suffix}`],
      [`layer${layer}/recurrent/weight`, `lstm.weight_hh_${suffix}`],
      [`layer${layer}/bias`, `lstm.bias_ih_${suffix}`],
    ]),
    addends: of((layer, suffix) => [[`layer${layer}/bias`, `lstm.bias_hh_${suffix}`]]),
  };
}
