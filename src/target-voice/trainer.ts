import { stft } from '../audio/stft/stft.js';
import { toFloat32 } from '../engine/raw.js';
import type { Session } from '../engine/session/session.js';
import { type Tensor, tf } from '../engine/tf.js';
import { type HostTensor, sizeOf } from '../host-tensor.js';
import { createScope } from '../nn/scope.js';
import type { OptimizerOptions } from '../optim/optimizer.js';
import { createTrainingStep, type TrainingStep } from '../train/step/training-step.js';
import { maskDistortion } from './mask-loss.js';
import { type MixingRule, mixVoices } from './mixtures.js';
import { voiceMaskNetwork } from './network.js';
import { COMPRESSION, type VoiceMaskShape } from './shape.js';

export interface VoiceMaskTraining {
  session: Session;
  seed: number;
  shape: VoiceMaskShape;
  rule: MixingRule;
  optimizer: OptimizerOptions;
}

export interface VoiceMaskTrainer {
  /** One update on crops [batch, samples], as the input `crops`, and whose voices they are, as `voices` [batch, embeddingSize]. */
  update: TrainingStep;
  /** The weights as an extractor keeps them, by name. */
  weights(): Promise<Record<string, HostTensor>>;
  /** Trained numbers. */
  parameters: number;
}

interface Views {
  mixture: Tensor;
  voice: Tensor;
  embeddings: Tensor;
}

/** Builds the network and compiles its step: mixtures of two crops, and the distortion of what the mask leaves of them. */
export function createVoiceMaskTrainer({ session, seed, shape, rule, optimizer }: VoiceMaskTraining): VoiceMaskTrainer {
  const scope = createScope(session, 'target-voice', `${seed}/target-voice`);
  const network = voiceMaskNetwork(scope, shape);
  const update = createTrainingStep<Views>({
    session,
    name: 'target-voice',
    trained: scope.params(),
    optimizer,
    views({ crops, voices }) {
      const { mixture, target } = mixVoices(toFloat32(crops), rule, 'target-voice');
      return { mixture: stft(mixture), voice: stft(target), embeddings: voices };
    },
    loss({ mixture, voice, embeddings }) {
      const energy = tf.sum(tf.square(mixture), 3);
      const mask = network.mask(tf.pow(energy, COMPRESSION / 2), embeddings, { training: true });
      const before = maskDistortion(tf.onesLike(energy), { mixture, voice });
      const loss = tf.mean(maskDistortion(mask, { mixture, voice })) as Tensor;
      return { loss, aux: { before: tf.mean(before) as Tensor } };
    },
  });
  const fold = session.compile('fold', () =>
    Object.fromEntries(
      Object.entries(network.folded()).flatMap(([name, { scale, offset }]) => [
        [`${name}/scale`, scale],
        [`${name}/offset`, offset],
      ]),
    ),
  );
  return {
    update,
    parameters: scope.params().reduce((sum, variable) => sum + sizeOf(variable.shape), 0),
    async weights() {
      const kept = scope.params().filter(({ name }) => !name.includes('/norm/'));
      const saved = await session.save(kept.map(({ name }) => name));
      const named = Object.entries(saved).map(([name, tensor]): [string, HostTensor] => [
        name.slice(scope.path.length + 1),
        tensor,
      ]);
      return { ...Object.fromEntries(named), ...(await fold({})) };
    },
  };
}
