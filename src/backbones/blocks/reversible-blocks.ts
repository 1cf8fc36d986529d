import {
  backboneOptions,
  checkpointed,
  type Layer,
  maskTime,
  type Pass,
  type ReversibleStep,
  refuseIdle,
  reversible,
  type Scope,
  type Streams,
  z,
} from '../../index.js';
import { type MapContext, stemLayer } from './ends.js';

/** Options of a reversible network. The streams are made apart, not by splitting channels, so that any width will do. */
export const reversibleOptions = z.strictObject({
  ...backboneOptions({ width: 32, embeddingSize: 256 }),
  width: z
    .number()
    .int()
    .positive()
    .default(32)
    .describe('channels of each stream in the first stage; the others follow'),
  recompute: z
    .boolean()
    .default(true)
    .describe('compute activations again in the backward pass; false keeps them: faster, where there is memory'),
});

/** Options of a network that is reversible throughout: recomputing keeps nothing that checkpointing could save. */
export const fullyReversibleOptions = reversibleOptions.superRefine(
  refuseIdle(({ recompute, checkpointing }) => [
    [recompute && checkpointing, 'checkpointing', 'has no effect with recompute: true'],
  ]),
);

/** Everything a reversible network is built from. */
export interface ReversibleContext extends MapContext {
  options: z.output<typeof reversibleOptions>;
}

/**
 * First scale of every function's last normalisation. Blocks start near the identity, so that the streams, which nothing
 * normalises, keep their size through many blocks. P. Goyal et al., "Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour", 2017,
 * arXiv:1706.02677, start them at it.
 */
export const LAST_SCALE = 0.1;

/** Reversible blocks of one shape. */
export interface ReversibleStage {
  /** Number of blocks, of two functions each: as many as two blocks of the plain network have. */
  count: number;
  /** A residual function of the stage's channels to themselves. */
  residual(scope: Scope): Layer;
}

/** The first layers, one of each stream. Only the features are kept for the backward pass. */
export function stemLayers({
  scope,
  options,
}: ReversibleContext): (features: Parameters<Layer>[0], pass: Pass) => Streams {
  const stems = [1, 2].map((i) => {
    const stem = stemLayer(scope.child(`stream${i}`), options.width);
    return options.recompute || options.checkpointing ? checkpointed(stem) : stem;
  });
  return (features, pass) => stems.map((stem) => stem(features, pass)) as Streams;
}

/** The blocks of a stage as steps of a reversible sequence. */
export function reversibleBlocks(scope: Scope, { count, residual }: ReversibleStage): ReversibleStep[] {
  return Array.from({ length: count }, (_, i) => {
    const block = scope.child(`block${i + 1}`);
    return { f: masked(residual(block.child('f'))), g: masked(residual(block.child('g'))) };
  });
}

/** The steps in sequence: recomputed, checkpointed or stored, as the options say. */
export function sequence(steps: ReversibleStep[], { recompute, checkpointing }: ReversibleContext['options']) {
  if (recompute || !checkpointing) return reversible(steps, { stored: !recompute });
  const wrapped = steps.map((step) => ('f' in step ? { f: checkpointed(step.f), g: checkpointed(step.g) } : step));
  return reversible(wrapped, { stored: true });
}

/** Keeps frames beyond a row's length at zero: the streams that the layer is added to need them so. */
const masked =
  (layer: Layer): Layer =>
  (x, pass) =>
    maskTime(layer(x, pass), pass);
