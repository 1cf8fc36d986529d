import { artifact, defineObjective, objectiveOptions, z } from '../index.js';
import { classifierOptions, classifyLayer } from './parts/classify.js';

/**
 * Phones, or other units of speech, told from a layer: frame by frame at a layer of frames, and at a layer of one vector an utterance by the
 * shares y_c = N_c / N of the units among its frames. With the network it is multi-task training, adversarial the network unlearns what was
 * said.
 *
 * S. Wang, J. Rohdin, L. Burget, O. Plchot, Y. Qian, K. Yu, J. Cernocky, "On the Usage of Phonetic Information for Text-Independent Speaker
 * Embedding Extraction", Interspeech 2019.
 */
export default defineObjective({
  name: 'phones',
  summary:
    'Phones or units told from frames, or their shares from the whole: with the network, or against it (Wang et al. 2019).',
  options: z.strictObject({
    ...objectiveOptions('frames'),
    labels: artifact('units').describe('labels of frames, of the stages alignments or units'),
    ...classifierOptions(false),
  }),
  needs: ({ labels }) => ({ frameLabels: labels }),
  manyWorkers: true,
  build: ({ scope, layer, classes, options }) => classifyLayer(scope, layer.size, classes, options),
});
