import { join } from 'node:path';
import test from 'ava';
import { builtIns } from '../../../src/builtins.js';
import { defineBackbone, denseLayer, maskTime, reversible, tf, z } from '../../../src/index.js';
import { createRegistry } from '../../../src/pipeline/registry/registry.js';
import { readMetrics } from '../../../src/train/metrics-log.js';
import { voiceCorpus } from '../../helpers/corpora/voices.js';
import { artifactAt, runStage } from '../../helpers/recipes/run-stage.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

/** Two streams of the features and one reversible block that multiplies by `gain`. */
const loud = defineBackbone({
  name: 'loud',
  summary: 'A reversible block of a given gain, for tests.',
  options: z.strictObject({ gain: z.number() }),
  build({ scope, bins, options }) {
    const [f, g] = ['f', 'g'].map((name) => denseLayer(scope.child(name), { inputs: bins, outputs: bins }));
    const louder = (layer: typeof f) => (x: Parameters<typeof f>[0]) => tf.mul(layer(x), options.gain);
    const block = reversible([{ f: louder(f), g: louder(g) }]);
    return {
      embeddingSize: bins,
      embed(features, pass) {
        const rows = tf.reshape(features, [-1, bins]);
        const streams = block([rows, rows], pass);
        const y = tf.reshape(tf.add(streams[0], streams[1]), features.shape);
        return tf.mean(maskTime(y, pass), 1);
      },
    };
  },
});

for (const [gain, expected] of [
  [1, 0],
  [100, 1],
] as const) {
  test(`a run whose block has a gain of ${gain} warns ${expected ? 'that streams leave their range' : 'of nothing'}`, async (t) => {
    const [corpus, dir] = [temporaryFolder(t), temporaryFolder(t)];
    await voiceCorpus(
      corpus,
      Array.from({ length: 8 }, (_, i) => 5000 + 500 * i),
    );
    const registry = createRegistry(builtIns);
    registry.add(loud, 'loud.ts', 'digest');
    const lines: string[] = [];
    const method = { name: 'vicreg', projection: [16, 8] };
    await runStage({
      registry,
      stage: 'pretrain',
      dir,
      options: {
        corpus: 'corpus',
        method,
        backbone: { name: 'loud', gain },
        features: { bins: 16 },
        globalSeconds: 0.3,
        batchSize: 4,
        accumulate: 2,
        steps: 3,
        rate: { kind: 'constant', peak: 1e-6 },
      },
      artifacts: { corpus: artifactAt(corpus, 'corpus', { path: null }) },
      log: (line) => lines.push(line),
    });
    const warnings = lines.filter((line) => line.includes('streams'));
    t.is(warnings.length, expected);
    if (expected) t.regex(warnings[0], /^warning: step 0: the streams of loud reach \d+; .*recompute: false/);
    const metrics = readMetrics(join(dir, 'metrics.jsonl'));
    t.true(metrics.every(({ streamPeak }) => (gain === 1 ? streamPeak < 100 : streamPeak > 256)));
  });
}
