import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { nmi } from '../../src/eval/clustering-metrics.js';
import { readNpy, writeNpy } from '../../src/io/npy.js';
import { drawMixture } from '../cluster/mixture.js';
import { runMain } from '../helpers/run-main.js';

const folder = mkdtempSync(join(tmpdir(), 'voxloop-cluster-'));
test.after.always(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

const mixture = drawMixture(300, 6, 5, 0.2, 1);
writeNpy(at('x.npy'), [300, 6], mixture.points);
writeNpy(at('init.npy'), [5, 6], mixture.points.slice(0, 30));

const cluster = (...args: string[]) => runMain(['cluster', ...args]);

test('writes int32 labels and centres, prints the three figures', async (t) => {
  const outputs = ['--out', at('labels.npy'), '--centers-out', at('centers.npy')];
  const { code, stdout, stderr } = await cluster(at('x.npy'), '--k', '5', ...outputs, '--json');
  t.is(code, 0, stderr);
  const labels = readNpy(at('labels.npy'));
  t.deepEqual([labels.dtype, labels.shape], ['int32', [300]]);
  t.is(nmi(labels.data as Int32Array, mixture.truth), 1);
  t.deepEqual(readNpy(at('centers.npy')).shape, [5, 6]);
  const figures = JSON.parse(stdout);
  t.deepEqual(Object.keys(figures), ['inertia', 'iterations', 'clusters']);
  t.is(figures.clusters, 5);
  t.regex(stderr, /k-means 3\/3: inertia/);
});

test('--init, --metric and --iterations; without --json a sentence', async (t) => {
  const init = ['--init', at('init.npy'), '--metric', 'l2', '--iterations', '0'];
  const { code, stdout, stderr } = await cluster(at('x.npy'), '--k', '5', ...init, '--out', at('assigned.npy'));
  t.is(code, 0, stderr);
  t.regex(stdout, /assigned\.npy: 300 rows in 5 clusters, inertia .*, 0 iterations/);
  t.deepEqual((readNpy(at('assigned.npy')).data as Int32Array).slice(0, 5), Int32Array.of(0, 1, 2, 3, 4));
});

test('--algorithm and --set: any clustering plugin with its options', async (t) => {
  const runs = [
    ['--algorithm', 'ahc', '--k', '5', '--set', 'linkage=ward'],
    ['--algorithm', 'ahc', '--set', 'threshold=0.4'],
    ['--algorithm', 'kmeans-ahc', '--k', '5', '--set', 'centers=40', '--metric', 'l2'],
    ['--set', 'clusters={from: 2, to: 9}', '--set', 'init=k-means||', '--restarts', '2'],
    ['--k', '5', '--set', 'batch=50'],
  ];
  for (const args of runs) {
    const { code, stdout, stderr } = await cluster(at('x.npy'), ...args, '--out', at('any.npy'), '--json');
    t.is(code, 0, stderr);
    t.is(JSON.parse(stdout).clusters, 5, args.join(' '));
    t.is(nmi(readNpy(at('any.npy')).data as Int32Array, mixture.truth), 1, args.join(' '));
  }
});

test("the user's mistakes end with code 2, name the file and write nothing", async (t) => {
  writeFileSync(at('text.npy'), 'this is not an array at all');
  writeNpy(at('row.npy'), [300], new Float32Array(300));
  writeNpy(at('labels-as-points.npy'), [3, 2], new Int32Array(6));
  const bad = mixture.points.slice();
  bad[61] = Number.NaN;
  writeNpy(at('bad.npy'), [300, 6], bad);
  const cases: [string[], RegExp][] = [
    [[at('x.npy'), '--k', '301'], /x\.npy: 301 clusters were asked for, but there are only 300 rows/],
    [[at('x.npy'), '--k', '0'], /at least 1/],
    [[at('x.npy'), '--k', '4', '--init', at('init.npy')], /init\.npy has shape \[5, 6\].* \[4, 6\]/],
    [[at('x.npy'), '--k', '5', '--metric', 'l1'], /Allowed choices are cosine, l2/],
    [[at('x.npy')], /^Give the number of clusters: --k <n>\.$/m],
    [[at('x.npy'), '--algorithm', 'kmean', '--k', '5'], /^There is no clustering plugin 'kmean'.*kmeans/],
    [[at('x.npy'), '--algorithm', 'ahc', '--k', '5', '--set', 'threshold=1'], /either clusters or threshold/],
    [[at('x.npy'), '--algorithm', 'ahc', '--k', '5', '--set', 'linkages=ward'], /linkages.*linkage/],
    [[at('x.npy'), '--algorithm', 'ahc', '--k', '5', '--init', at('init.npy')], /are for kmeans, not 'ahc'/],
    [[at('x.npy'), '--k', '5', '--set', 'batch'], /option=value/],
    [[at('bad.npy'), '--k', '5'], /bad\.npy: 1 of 300 rows .*NaN.* row 10/],
    [[at('row.npy'), '--k', '5'], /row\.npy has shape \[300\]/],
    [[at('labels-as-points.npy'), '--k', '2'], /holds int32/],
    [[at('text.npy'), '--k', '5'], /text\.npy is not a NumPy array/],
    [[at('missing.npy'), '--k', '5'], /missing\.npy/],
  ];
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await cluster(...args, '--out', at('none.npy'));
    t.is(code, 2, stderr);
    t.regex(stderr, message);
    t.is(stdout, '');
    t.false(existsSync(at('none.npy')));
  }
});
