import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { writeUnknownCorpus } from '../helpers/corpora/unknown-speakers.js';
import { runRecipe } from '../helpers/recipes/run-recipe.js';
import { tinyLoop } from '../helpers/recipes/tiny-loop.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

/** The tiny loop with everything that needs trials, as configs/demo.yaml has it. */
const recipe = (corpus: string) => `${tinyLoop(corpus).replace(/ {2}- \{stage: evaluate[\s\S]*$/, '')}
  - {stage: baseline, corpus: corpus}
  - {stage: backend, corpus: corpus, embeddings: vectors, norm: {kind: as-norm}, calibrate: {}}
  - {stage: evaluate, as: result, system: loop, corpus: corpus, embeddings: vectors, backend: backend}
  - stage: report
    corpus: corpus
    baseline: baseline
    systems: [{evaluation: result, model: loop}]
    training: [simclr, loop]
    map: vectors
`;

test('on a corpus of unknown speakers what needs trials steps aside, and the report shows what is known without', async (t) => {
  t.timeout(240_000);
  const dir = temporaryFolder(t);
  const corpus = join(dir, 'corpus');
  writeUnknownCorpus(corpus);
  writeFileSync(join(dir, 'tiny.yaml'), recipe(corpus));
  const out = join(dir, 'run');
  const { code, stdout, stderr } = await runRecipe(join(dir, 'tiny.yaml'), out);
  t.is(code, 0, stderr);
  for (const stage of ['baseline', 'result']) t.regex(stderr, new RegExp(`${stage} the corpus has no trial lists`));
  t.regex(stderr, /backend no speaker is known/);
  const { systems, baseline, loops, voices } = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8'));
  t.deepEqual(systems, []);
  t.is(baseline, null);
  t.true(loops[0].rounds[0].cropEer >= 0);
  const counted = voices.clusters.reduce((sum: number, cluster: { recordings: number }) => sum + cluster.recordings, 0);
  t.is(counted + voices.unlabelled, 36);
  t.is(voices.clusters[0].examples.length, 2);
  t.regex(stdout, /crop EER/);
  t.regex(stdout, /listen to/);
  const html = readFileSync(join(out, 'report.html'), 'utf8');
  for (const part of ['id="rounds"', 'id="map"', 'id="voices"', '<audio ']) t.true(html.includes(part), part);
  t.false(html.includes('id="results"'));
});
