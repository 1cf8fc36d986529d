import { type FeatureDefinition, features } from '../../audio/features/features.js';
import { stopGradient } from '../../engine/autodiff.js';
import { toFloat32 } from '../../engine/raw.js';
import type { Session } from '../../engine/session/session.js';
import { type Tensor, tf } from '../../engine/tf.js';
import type { HostTensor } from '../../host-tensor.js';
import { createScope } from '../../nn/scope.js';
import type { OptimizerOptions } from '../../optim/optimizer.js';
import type { CropView } from '../../train/step/crop-features.js';
import { createTrainingStep, type TrainingStep } from '../../train/step/training-step.js';
import { layerName } from './layers.js';
import { mixtures } from './mixtures.js';
import { overlapNetwork } from './network.js';

export interface OverlapTraining {
  session: Session;
  seed: number;
  width: number;
  /** Augmentation of each voice by itself, and the features. */
  view: CropView;
  optimizer: OptimizerOptions;
}

export interface OverlapTrainer {
  /** One update on crops [batch, samples], as the input `crops`. */
  update: TrainingStep;
  /** The weights as a detector keeps them, by name. */
  weights(): Promise<Record<string, HostTensor>>;
  /** Trained numbers. */
  parameters: number;
}

interface Views {
  x: Tensor;
  overlap: Tensor;
  speech: Tensor;
}

/** Builds the network and compiles its step: mixtures of crops, and the cross-entropy of "two speak at once" where anybody speaks. */
export function createOverlapTrainer({ session, seed, width, view, optimizer }: OverlapTraining): OverlapTrainer {
  const scope = createScope(session, 'overlap', `${seed}/overlap`);
  const network = overlapNetwork(scope, { bins: view.features.bins, width });
  const update = createTrainingStep<Views>({
    session,
    name: 'overlap',
    trained: scope.params(),
    optimizer,
    views: ({ crops }) => viewsOf(toFloat32(crops), view),
    loss({ x, overlap, speech }) {
      const odds = network.odds(x, { training: true });
      const count = tf.maximum(tf.sum(speech), 1);
      const loss = tf.div(tf.sum(tf.mul(crossEntropy(odds, overlap), speech)), count);
      return { loss, aux: hits(stopGradient(odds), overlap, speech) };
    },
  });
  const fold = session.compile('fold', () =>
    Object.fromEntries(
      network.folded().flatMap(({ scale, offset }, i) => [
        [`${layerName(i)}/scale`, scale],
        [`${layerName(i)}/offset`, offset],
      ]),
    ),
  );
  return {
    update,
    parameters: scope.params().reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
    async weights() {
      const convolutions = scope.params().filter(({ name }) => !name.includes('/norm/'));
      const saved = await session.save(convolutions.map(({ name }) => name));
      const below = (name: string) => name.slice(scope.path.length + 1);
      const named = Object.entries(saved).map(([name, tensor]): [string, HostTensor] => [below(name), tensor]);
      return { ...Object.fromEntries(named), ...(await fold({})) };
    },
  };
}

/** Features of mixtures; a frame is labelled by the block in its middle. */
function viewsOf(crops: Tensor, view: CropView): Views {
  const heard = view.augmentations.reduce((wave, apply, i) => apply(wave, `overlap/augmentation${i}`), crops);
  const { wave, overlap, speech } = mixtures(crops, heard, 'overlap');
  const definition: FeatureDefinition = view.features;
  const x = features(wave, definition, { name: 'overlap', dither: true });
  const [rows, frames] = x.shape;
  const middle = (blocks: Tensor) => tf.slice(blocks, [0, 1], [rows, frames]);
  return { x, overlap: middle(overlap), speech: middle(speech) };
}

/** max(x, 0) - x y + ln(1 + exp(-|x|)), which no odds overflow. */
const crossEntropy = (odds: Tensor, truth: Tensor): Tensor =>
  tf.add(tf.sub(tf.relu(odds), tf.mul(odds, truth)), tf.log1p(tf.exp(tf.neg(tf.abs(odds)))));

/** Of the frames with speech: the share that is overlap, and precision and recall at even odds. */
function hits(odds: Tensor, overlap: Tensor, speech: Tensor): Record<string, Tensor> {
  const found = tf.mul(tf.cast(tf.greater(odds, 0), 'float32'), speech);
  const right = tf.sum(tf.mul(found, overlap));
  const share = (part: Tensor, of: Tensor) => tf.div(part, tf.maximum(of, 1));
  return {
    overlap: share(tf.sum(overlap), tf.sum(speech)),
    precision: share(right, tf.sum(found)),
    recall: share(right, tf.sum(overlap)),
  };
}
