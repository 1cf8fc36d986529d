import { join } from 'node:path';
import { z } from 'zod';
import { writeNpy } from '../../src/io/npy.js';
import { defineStage } from '../../src/plugin/define.js';
import { artifact } from '../../src/plugin/options.js';
import { openTraining } from '../../src/stages/artifacts/corpus-data.js';

/** The true speakers in place of clusters: what training reaches when every label is right. */
export default defineStage({
  name: 'speaker-labels',
  summary: 'Labels every training utterance with its true speaker.',
  options: z.strictObject({ corpus: artifact('corpus') }),
  produces: 'clusters',
  async run(context, { corpus }) {
    const { trainSpeakers } = openTraining(context.artifact(corpus));
    const numbers = new Map([...new Set(trainSpeakers)].map((speaker, number) => [speaker, number]));
    const labels = Int32Array.from(trainSpeakers, (speaker) => numbers.get(speaker)!);
    writeNpy(join(context.dir, 'labels.npy'), [labels.length], labels);
    return { clusters: numbers.size };
  },
});
