import type { Command } from 'commander';
import type { Clustering } from '../cluster/clustering.js';
import { UserError } from '../errors.js';
import { addDeviceOptions, addPluginOption, type DeviceOptions } from './options/model-options.js';
import { outputOption } from './options/output-files.js';
import { choice, collect, wholeNumber } from './options/values.js';

interface ClusterOptions extends DeviceOptions {
  k?: number;
  out: string;
  algorithm: string;
  set: string[];
  metric?: 'cosine' | 'l2';
  seed: number;
  iterations?: number;
  restarts?: number;
  init?: string;
  centersOut?: string;
  plugin: string[];
  json?: boolean;
}

/** An array to cluster, [rows, size]. */
interface Matrix {
  points: Float32Array;
  rows: number;
  size: number;
}

/** `voxloop cluster`: clusters the rows of an array. */
export function register(program: Command): void {
  const command = program
    .command('cluster')
    .summary('cluster embeddings')
    .description(
      'Clusters the rows of a float32 array [rows, size] by k-means or another algorithm and writes int32 [rows]: the cluster of ' +
        'each row, -1 for noise. Prints the inertia: the sum of squared distances to the centres, of unit vectors for cosine.',
    )
    .argument('<file>', '.npy file of embeddings, e.g. from voxloop embed')
    .addOption(outputOption(program, '--out <file>', '.npy file of labels to write').makeOptionMandatory())
    .option('--algorithm <name>', 'clustering plugin, see voxloop plugins clustering', 'kmeans')
    .option('--k <n>', "number of clusters: the algorithm's option `clusters`", wholeNumber(1))
    .option('--set <option=value>', 'set any option of the algorithm, its value YAML; may be repeated', collect, [])
    .addOption(choice(program, '--metric <metric>', 'distance; cosine clusters directions', ['cosine', 'l2']))
    .option('--seed <n>', 'seed of random choices, such as the first centres', wholeNumber(0), 0)
    .option('--iterations <n>', 'k-means: most iterations of a start; 0 only assigns', wholeNumber(0))
    .option('--restarts <n>', 'k-means: number of starts; the one with the least inertia is kept', wholeNumber(1))
    .option('--init <file>', 'k-means: .npy file of first centres [k, size], for a single start')
    .addOption(outputOption(program, '--centers-out <file>', '.npy file of centres [k, size] to write'));
  addPluginOption(addDeviceOptions(command)).option('--json', 'print {inertia, iterations, clusters}').action(cluster);
}

async function cluster(file: string, options: ClusterOptions): Promise<void> {
  const { writeNpy } = await import('../io/npy.js');
  const { shape, data } = await readMatrix(file);
  const matrix = { points: data, rows: shape[0], size: shape[1] };
  // Plugins take neither first centres nor zero iterations.
  const direct = options.init !== undefined || options.iterations === 0;
  const start = await (direct ? starterFromCenters(matrix, options) : starterOfPlugin(matrix, options));
  // What is wrong from here on lies in the rows; what was wrong before lay in the options.
  const clustering = await start().catch((error: unknown) => {
    throw error instanceof UserError ? new UserError(`${file}: ${error.message}`) : error;
  });
  const { clusters, iterations, inertia, labels, centers } = clustering;
  if (options.centersOut !== undefined) writeNpy(options.centersOut, [clusters, matrix.size], centers);
  writeNpy(options.out, [matrix.rows], labels);
  const text = `${options.out}: ${matrix.rows} rows in ${clusters} clusters, inertia ${inertia.toPrecision(6)}, ${iterations} iterations`;
  process.stdout.write(`${options.json ? JSON.stringify({ inertia, iterations, clusters }) : text}\n`);
}

const log = (line: string) => void process.stderr.write(`${line}\n`);

type Start = () => Promise<Clustering>;

async function starterOfPlugin(matrix: Matrix, options: ClusterOptions): Promise<Start> {
  const [{ createRegistry }, { builtIns }, { loadPlugins }, { choosePlugin }, { keyValues }] = await Promise.all([
    import('../pipeline/registry/registry.js'),
    import('../builtins.js'),
    import('../pipeline/registry/load-plugin.js'),
    import('../plugin/choose-plugin.js'),
    import('./options/key-values.js'),
  ]);
  const registry = createRegistry(builtIns);
  await loadPlugins(options.plugin, registry);
  const { k: clusters, metric, iterations, restarts, device, threads, seed } = options;
  const named = Object.entries({ clusters, metric, iterations, restarts }).filter(([, value]) => value !== undefined);
  const written = { ...Object.fromEntries(named), ...keyValues(options.set) };
  if (options.algorithm === 'kmeans' && !('clusters' in written))
    throw new UserError('Give the number of clusters: --k <n>.');
  const choice = await choosePlugin(registry, 'clustering', options.algorithm, written);
  const plugin = await registry.load('clustering', options.algorithm);
  return async () => plugin.cluster({ ...matrix, seed, device, threads, log, options: choice.options });
}

/** k-means from the centres of a file, or without iterations. */
async function starterFromCenters(matrix: Matrix, options: ClusterOptions): Promise<Start> {
  const [{ kmeans }, { openSession }] = await Promise.all([
    import('../cluster/kmeans/kmeans.js'),
    import('../engine/session/session.js'),
  ]);
  const { k: clusters, metric = 'cosine', seed, iterations = 100, restarts = 3, device, threads } = options;
  if (options.algorithm !== 'kmeans')
    throw new UserError(`--init and --iterations 0 are for kmeans, not '${options.algorithm}'.`);
  if (clusters === undefined) throw new UserError('Give the number of clusters: --k <n>.');
  if (options.set.length > 0) throw new UserError('--set does not go with --init or --iterations 0.');
  const init = options.init === undefined ? undefined : await readCenters(options.init, [clusters, matrix.size]);
  return async () => {
    const session = openSession({ device, threads });
    try {
      return await kmeans(session, { ...matrix, clusters, metric, seed, iterations, restarts, init, log });
    } finally {
      await session.close();
    }
  };
}

async function readCenters(file: string, wanted: [number, number]): Promise<Float32Array> {
  const { shape, data } = await readMatrix(file);
  if (shape.join() === wanted.join()) return data;
  throw new UserError(
    `${file} has shape [${shape.join(', ')}]; the first centres must have shape [${wanted.join(', ')}].`,
  );
}

async function readMatrix(file: string): Promise<{ shape: number[]; data: Float32Array }> {
  const { readNpy } = await import('../io/npy.js');
  const { shape, dtype, data } = readNpy(file);
  if (shape.length !== 2) {
    throw new UserError(`${file} has shape [${shape.join(', ')}]; an array [rows, size] is needed.`);
  }
  if (dtype === 'float32') return { shape, data };
  if (dtype === 'float64') return { shape, data: Float32Array.from(data) };
  throw new UserError(`${file} holds ${dtype}; float32 or float64 is needed.`);
}
