import { z } from '../../src/index.js';

/** Option of a projector: the sizes of its dense layers, `least` of them or more; without any it is the identity. */
export function projectionSizes(usual: number[], description: string, least?: number) {
  const sizes = z.array(z.number().int().positive());
  return (least === undefined ? sizes : sizes.min(least)).default(usual).describe(description);
}

/** Size of what a projector with these layers makes of embeddings of `embeddingSize`. */
export const projectedSize = (sizes: readonly number[], embeddingSize: number): number => sizes.at(-1) ?? embeddingSize;
