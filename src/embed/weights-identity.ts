import { createHash } from 'node:crypto';
import type { ModelIdentity } from '../eval/model-identity.js';
import { piecesOf } from '../io/read-file.js';
import { describeHearing } from './hearing.js';
import type { Model, ModelInfo } from './model-file.js';

/** A model's name for people: its origin, backbone and embedding size. */
export const modelName = ({
  origin,
  backbone,
  embeddingSize,
}: Pick<ModelInfo, 'origin' | 'backbone' | 'embeddingSize'>): string =>
  `${origin} (${backbone.name}, ${embeddingSize})`;

/** The network in whose space a model's embeddings lie: itself, or the one whose embeddings it learned to give. */
export const spaceOf = (model: Pick<Model, 'info' | 'weights'>): ModelIdentity =>
  model.info.space ?? weightsIdentity(model);

/** The identity of a network by the SHA-256 of its weights and of what it hears, whatever the mean embedding stored with them. */
export function weightsIdentity({ info, weights }: Pick<Model, 'info' | 'weights'>): ModelIdentity {
  const hash = createHash('sha256').update(`${describeHearing(info)}\n`);
  for (const name of Object.keys(weights).sort()) {
    const { dtype, shape, data } = weights[name];
    hash.update(`${JSON.stringify([name, dtype, shape])}\n`);
    for (const piece of piecesOf(data)) hash.update(piece);
  }
  return { name: modelName(info), digest: hash.digest('hex') };
}
