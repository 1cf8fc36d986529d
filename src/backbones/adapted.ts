import { defineBackbone, pluginChoice, withAdapters, z } from '../index.js';

/** A network with residual adapters, which alone are trained by the option `adapters` of the stages finetune, distill and adapt. */
export default defineBackbone({
  name: 'adapted',
  summary: 'Another backbone with a residual adapter at every layer (Rebuffi et al. 2018).',
  options: z.strictObject({
    of: pluginChoice('backbone').describe('the backbone; its weights keep their names'),
    rank: z.number().int().positive().default(16).describe('channels that an adapter goes through'),
  }),
  build: ({ scope, options: { rank }, of }) => of!(withAdapters(scope, rank)),
});
