import { UserError } from '../../errors.js';
import type { Backbone } from '../../nn/backbone.js';

/** The backbone, refusing training crops that its time strides would leave nothing of. */
export function withFrameCheck(backbone: Backbone): Backbone {
  const { minFrames = 1, embed } = backbone;
  return {
    ...backbone,
    embed(features, pass) {
      const frames = features.shape[1]!;
      if (pass.training && frames < minFrames) {
        throw new UserError(
          `The crops have ${frames} frames, but the backbone's time strides need at least ${minFrames}. ` +
            'Lengthen the crops (globalSeconds, localSeconds or cropSeconds) or take a backbone without strides.',
        );
      }
      return embed(features, pass);
    },
  };
}
