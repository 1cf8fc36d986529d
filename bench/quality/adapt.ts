/**
 * What adaptation to unlabelled recordings of another domain does: adapt.yaml trains a network on labelled recordings of one domain and adapts
 * it by maximum mean discrepancy, CORAL, gradient reversal, batch normalisation by domain and adapters. Runs that are done are not done again.
 *
 *   npm run build && node dist/bench/quality/adapt.js --source CORPUS --target DIR [--out runs/adapt] [--seeds 3] [--set known.steps=100 ...]
 *
 * CORPUS was made by `voxloop corpus`, with known speakers; DIR is a folder of recordings of the other domain, a folder for each speaker, of
 * whom twenty are kept for tests. Standard output: a line of JSON for each system, with equal error rates on those, and the accuracy of a
 * probe: logistic regression that tells the domain from an embedding, fitted on every second training utterance and tried on the others, with
 * both domains weighing the same.
 */
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readNpy } from '../../src/io/npy.js';
import { domainAccuracy } from './domain-probe.js';
import { mean, repository, runRecipe, seedsUpTo, stageResult, standardError } from './recipe.js';

const { values } = parseArgs({
  options: {
    source: { type: 'string' },
    target: { type: 'string' },
    out: { type: 'string', default: 'runs/adapt' },
    seeds: { type: 'string', default: '3' },
    set: { type: 'string', multiple: true, default: [] },
  },
});
if (!values.source || !values.target) throw new Error('--source CORPUS and --target DIR are missing');

const SYSTEMS = ['known', 'further', 'mmd', 'coral', 'reversal', 'norms', 'adapters'];

const [source, target] = [values.source, values.target].map((path) => resolve(path));
const seeds = seedsUpTo(values.seeds);
const runFolder = (seed: number): string => join(values.out, `seed${seed}`);

for (const seed of seeds) {
  const settings = [`seed=${seed}`, `source.path=${source}`, `target.path=${target}`, ...values.set];
  runRecipe({ recipe: repository('bench/quality/adapt.yaml'), out: runFolder(seed), settings });
}
for (const system of SYSTEMS) {
  const eers = seeds.map((seed) => {
    const { lists } = stageResult<{ lists: Record<string, { eer: number }> }>(runFolder(seed), `${system}-result`);
    return lists.clean.eer;
  });
  const probe = seeds.map((seed) => probeAccuracy(runFolder(seed), system));
  const figures = { eer: mean(eers), standardError: standardError(eers), probe: mean(probe) };
  console.log(JSON.stringify({ system, seeds, eers, probes: probe, ...figures }));
}

/** The probe on the training embeddings of a system. */
function probeAccuracy(run: string, system: string): number {
  const read = (domain: string) => readNpy(join(run, 'stages', `${system}-${domain}`, 'train.npy'));
  const [known, other] = [read('source'), read('target')];
  return domainAccuracy([known.data as Float32Array, other.data as Float32Array], known.shape[1]);
}
