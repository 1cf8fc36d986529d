import { featureDefinition } from '../../../src/audio/features/features.js';
import type { Batch } from '../../../src/data/crops/loader.js';
import type { Session } from '../../../src/engine/session/session.js';
import { optimizerOptions } from '../../../src/optim/optimizer.js';
import { createRng } from '../../../src/random.js';
import { createPretrainer, type Pretrainer, type PretrainParts } from '../../../src/train/pretrainer.js';
import dino from '../../../ssl/dino.js';
import { backboneOf } from '../networks/build-backbone.js';

export const BINS = 16;
export const BATCH = 4;
/** A fifth of a second. */
export const SAMPLES = 3200;
export const EMBEDDING = 6;
export const DINO = { prototypes: 20, hiddenSize: 12, bottleneckSize: 6, localCrops: 2 };

/** Features without dither: what is random in a test is asked for. */
export const smallFeatures = featureDefinition.parse({ bins: BINS, dither: 0 });

/** A TDNN without attention and last normalisation; `more` options go on top. */
export const smallTdnn = (more: Record<string, unknown> = {}) =>
  backboneOf('tdnn', { width: 8, embeddingSize: EMBEDDING, pooling: 'tstp', embeddingNorm: false, ...more }, BINS);

export const smallBackbone = await smallTdnn();

/** A pretrainer of a small network, with DINO unless another method is given. */
export function smallPretrainer(
  session: Session,
  optimizer: Record<string, unknown> = {},
  more: Partial<PretrainParts> = {},
): Pretrainer {
  return createPretrainer({
    session,
    seed: 1,
    batchSize: BATCH,
    crops: { global: 2, local: 2 },
    backbone: smallBackbone,
    build: (context) => dino.build({ ...context, options: dino.options.parse(DINO) }),
    view: { features: smallFeatures, augmentations: [] },
    optimizer: optimizerOptions.parse(optimizer),
    ...more,
  });
}

/** Noise in the place of a loader's crops. */
export function noiseBatch(seed: number | string, crops = { global: 2, local: 2 }): Batch {
  const rng = createRng(seed);
  const noise = (count: number) => Int16Array.from({ length: count * BATCH * SAMPLES }, () => 1000 * rng.normal());
  return {
    step: 0,
    epoch: 0,
    utterances: Int32Array.from({ length: BATCH }, (_, i) => i),
    release: () => {},
    origins: Int32Array.from({ length: (crops.global + crops.local) * BATCH }, (_, i) => i % BATCH),
    starts: new Int32Array((crops.global + crops.local) * BATCH),
    global: noise(crops.global),
    local: crops.local > 0 ? noise(crops.local) : null,
  };
}
