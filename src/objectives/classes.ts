import { artifact, defineObjective, objectiveOptions, z } from '../index.js';
import { classifierOptions, classifyLayer } from './parts/classify.js';

/**
 * A classifier of utterances at a layer: of the domain, of languages, channels, or whatever the labels are. Adversarial, it is
 * domain-adversarial training: the network unlearns what tells the classes apart.
 */
export default defineObjective({
  name: 'classes',
  summary:
    'A classifier of domains, languages or channels, against which the network learns (gradient reversal, Ganin et al. 2016), or with it.',
  options: z.strictObject({
    ...objectiveOptions('embedding'),
    labels: artifact('clusters')
      .optional()
      .describe('labels of the training utterances, as of the stage labels; default: the domain, corpus or target'),
    ...classifierOptions(true),
  }),
  needs: ({ labels }) => (labels === undefined ? { domains: true } : { utteranceLabels: labels }),
  manyWorkers: true,
  build: ({ scope, layer, classes, options }) => classifyLayer(scope, layer.size, classes, options),
});
