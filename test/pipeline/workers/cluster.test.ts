import test from 'ava';
import { UserError } from '../../../src/errors.js';
import { allowedSources, reachOf } from '../../../src/pipeline/workers/addresses.js';
import { clusterOf } from '../../../src/pipeline/workers/cluster.js';
import { expandHosts } from '../../../src/pipeline/workers/host-list.js';

test('without flags there are no workers, whatever the environment says', (t) => {
  t.is(clusterOf({}, { RANK: '1', WORLD_SIZE: '2', SLURM_PROCID: '1', TF_CONFIG: '{}' }), undefined);
});

test('--workers are all of this machine', (t) => {
  t.deepEqual(clusterOf({ workers: 3 }, {}), { count: 3, local: [0, 1, 2] });
});

test('--cluster names every worker, and --rank the first of those here', (t) => {
  const cluster = 'a:5000,a:5001,b:5000';
  t.deepEqual(clusterOf({ cluster, rank: 2 }, {}), { count: 3, local: [2], addresses: ['a:5000', 'a:5001', 'b:5000'] });
  t.deepEqual(clusterOf({ cluster, rank: 0, workers: 2 }, {})?.local, [0, 1]);
});

test('flags that leave something open are refused, with what to do', (t) => {
  const faults: [Parameters<typeof clusterOf>[0], RegExp][] = [
    [{ rank: 1 }, /--rank.*--cluster/],
    [{ cluster: 'a:1,b:1' }, /--rank is missing/],
    [{ cluster: 'a:1,b', rank: 0 }, /'b' is no address.*host:port/],
    [{ cluster: 'a:1,b:70000', rank: 0 }, /'b:70000' is no address/],
    [{ cluster: 'a:1,a:1', rank: 0 }, /a:1 stands for two workers/],
    [{ cluster: 'a:1,b:1', rank: 2 }, /worker 2 is none of the 2/],
    [{ cluster: 'a:1,b:1', rank: 1, workers: 2 }, /worker 2 is none of the 2/],
    [{ cluster: 'env', rank: 1 }, /Leave --rank/],
    [{ cluster: 'env' }, /neither TF_CONFIG/],
  ];
  for (const [flags, message] of faults) t.throws(() => clusterOf(flags, {}), { instanceOf: UserError, message });
});

const ofEnvironment = (environment: Record<string, string>) => clusterOf({ cluster: 'env' }, environment);

test('TF_CONFIG: the chief comes first', (t) => {
  const workers = ['w0:2222', 'w1:2222'];
  const config = (type: string, index: number, chief?: string[]) =>
    JSON.stringify({ cluster: { worker: workers, ...(chief && { chief }) }, task: { type, index } });
  t.deepEqual(ofEnvironment({ TF_CONFIG: config('worker', 1) }), { count: 2, local: [1], addresses: workers });
  const withChief = ofEnvironment({ TF_CONFIG: config('worker', 1, ['c:2222']) });
  t.deepEqual(withChief, { count: 3, local: [2], addresses: ['c:2222'].concat(workers) });
  t.deepEqual(ofEnvironment({ TF_CONFIG: config('chief', 0, ['c:2222']) })?.local, [0]);
  t.throws(() => ofEnvironment({ TF_CONFIG: '{' }), { instanceOf: UserError, message: /not JSON/ });
  t.throws(() => ofEnvironment({ TF_CONFIG: '{}' }), { instanceOf: UserError, message: /task\.index/ });
});

test('RANK and WORLD_SIZE: ports follow MASTER_PORT on one machine; several machines are not described by them', (t) => {
  const here = { RANK: '1', LOCAL_RANK: '1', WORLD_SIZE: '2', LOCAL_WORLD_SIZE: '2' };
  const master = { MASTER_ADDR: '127.0.0.1', MASTER_PORT: '6000' };
  t.deepEqual(ofEnvironment({ ...here, ...master }), {
    count: 2,
    local: [1],
    addresses: ['127.0.0.1:6001', '127.0.0.1:6002'],
  });
  t.throws(() => ofEnvironment({ ...here, ...master, RANK: '3', WORLD_SIZE: '4' }), { message: /several machines/ });
  t.throws(() => ofEnvironment({ ...here, ...master, MASTER_PORT: 'x' }), { message: /MASTER_PORT is 'x'/ });
});

test("SLURM's variables: hosts in order, with as many workers on each as it says", (t) => {
  const slurm = { SLURM_PROCID: '3', SLURM_NTASKS: '5', SLURM_NODELIST: 'n[1-3]', SLURM_TASKS_PER_NODE: '2(x2),1' };
  t.deepEqual(ofEnvironment({ ...slurm, MASTER_PORT: '700' }), {
    count: 5,
    local: [3],
    addresses: ['n1:700', 'n1:701', 'n2:700', 'n2:701', 'n3:700'],
  });
  t.throws(() => ofEnvironment({ ...slurm, SLURM_NTASKS: '6' }), { message: /name 5 workers, and SLURM_NTASKS 6/ });
});

test("SLURM's short form of hosts", (t) => {
  t.deepEqual(expandHosts('gpu[01-03,7],login,r[9-11]-x'), [
    'gpu01',
    'gpu02',
    'gpu03',
    'gpu7',
    'login',
    'r9-x',
    'r10-x',
    'r11-x',
  ]);
  t.throws(() => expandHosts(''), { instanceOf: UserError });
  t.throws(() => expandHosts('n[a-b]'), { instanceOf: UserError });
});

test('loopback, private and public addresses are told apart', (t) => {
  for (const address of ['127.0.0.1', '127.1.2.3', '::1']) t.is(reachOf(address), 'loopback', address);
  for (const address of ['10.0.0.1', '172.31.0.1', '192.168.1.1', '100.64.0.1', '169.254.1.1', 'fd00::1', 'fe80::1'])
    t.is(reachOf(address), 'private', address);
  for (const address of ['8.8.8.8', '172.32.0.1', '192.169.0.1', '2001:4860::1', '0.0.0.0'])
    t.is(reachOf(address), 'public', address);
});

test('loopback is let in at once, a private network with a flag and a warning, a public one never', async (t) => {
  const said: string[] = [];
  const names: Record<string, string[]> = { node1: ['10.0.0.1', 'fd00::1'], shop: ['93.184.216.34'] };
  const find = async (host: string) => names[host] ?? Promise.reject(new Error('not found'));
  const sources = (addresses: string[], allowNetwork = false) =>
    allowedSources(addresses, { allowNetwork, find, say: (line) => said.push(line) });
  t.deepEqual(await sources(['127.0.0.1:1', '127.0.0.1:2']), []);
  t.deepEqual(said, []);
  await t.throwsAsync(sources(['node1:1']), { instanceOf: UserError, message: /10\.0\.0\.1.*--allow-network/ });
  t.deepEqual(await sources(['node1:1', '192.168.0.9:1'], true), ['10.0.0.1', 'fd00::1', '192.168.0.9']);
  t.regex(said.join(), /warning: connections from 10\.0\.0\.1.*without a password/);
  await t.throwsAsync(sources(['shop:1', 'node1:1'], true), {
    instanceOf: UserError,
    message: /public network.*tunnel/,
  });
  await t.throwsAsync(sources(['nowhere:1']), { instanceOf: UserError, message: /'nowhere' is not found/ });
});
