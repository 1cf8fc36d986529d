import { connect, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import test from 'ava';
import { differentiate } from '../../../src/engine/autodiff.js';
import { TensorFlowError } from '../../../src/engine/graph/c-api.js';
import { batchNormTrain } from '../../../src/engine/ops/batch-norm.js';
import { random } from '../../../src/engine/random.js';
import { NotFiniteError, requireFinite } from '../../../src/engine/require-finite.js';
import { tf } from '../../../src/engine/tf.js';
import { ownRows, reduced, wholeBatchRows } from '../../../src/engine/workers/collectives.js';
import { meanOverWorkers } from '../../../src/engine/workers/fused.js';
import { serverDef, startServer } from '../../../src/engine/workers/server.js';
import { allowSources, sourceFilter } from '../../../src/engine/workers/socket-filter.js';
import { UserError } from '../../../src/errors.js';
import { float32 } from '../../../src/host-tensor.js';
import { createRng } from '../../../src/random.js';
import { close } from '../../helpers/close.js';
import { inEveryWorker, openGroups } from '../../helpers/workers/in-process.js';

const groups = openGroups(2);
const numbers = (data: ArrayLike<number | bigint>): number[] => Array.from(data, Number);

test.serial('sums, largest values and rows of all workers; each draws its own random numbers', async (t) => {
  const [first, second] = await inEveryWorker(await groups, async (session, { rank }) => {
    const act = session.compile('act', ({ x }) => ({
      sum: reduced(x),
      most: reduced(x, 'Max'),
      whole: wholeBatchRows(x, 2),
      own: ownRows(wholeBatchRows(x, 2), 2),
      drawn: random.normal([2], 'drawn'),
    }));
    // Two crops of two utterances each.
    const x = float32(
      Float32Array.from([1, 2, 3, 4], (value) => value + 10 * rank),
      [4, 1],
    );
    return act({ x, step: 0 } as never);
  });
  t.deepEqual(numbers(first.sum.data), [12, 14, 16, 18]);
  t.deepEqual(numbers(first.most.data), [11, 12, 13, 14]);
  t.deepEqual(numbers(first.whole.data), [1, 2, 11, 12, 3, 4, 13, 14], 'crop by crop, the utterances of both workers');
  t.deepEqual(
    [numbers(first.own.data), numbers(second.own.data)],
    [
      [1, 2, 3, 4],
      [11, 12, 13, 14],
    ],
  );
  for (const name of ['sum', 'most', 'whole'] as const) t.deepEqual(first[name], second[name]);
  t.notDeepEqual(first.drawn, second.drawn);
});

test.serial("what travels does so from the hosts' memory, whatever a worker computes on", async (t) => {
  await inEveryWorker(await groups, async (session, { rank }) => {
    const { graph } = session;
    const places: (string | undefined)[] = [];
    const add = graph.add.bind(graph);
    graph.add = (type, inputs, attributes) => {
      if (type.startsWith('Collective')) places.push(graph.device);
      return add(type, inputs, attributes);
    };
    const x = float32(Float32Array.of(1, 2), [2, 1]);
    const act = session.compile('act', (inputs) => ({ sum: reduced(inputs.x), whole: wholeBatchRows(inputs.x) }));
    act.trace({ x });
    t.deepEqual(places, Array(2).fill('/device:CPU:0'), `worker ${rank}`);
  });
});

test('a server hides the GPUs of its process, but for a worker that computes on one', (t) => {
  const definition = (gpu?: boolean) => {
    const bytes = serverDef({ addresses: ['a:1', 'b:2'], rank: 1, threads: 2, gpu });
    return Buffer.from(bytes).toString('latin1');
  };
  t.regex(definition(), /GPU/);
  t.notRegex(definition(true), /GPU/);
});

test.serial('a row gets the gradient of every worker that used it', async (t) => {
  // Worker r computes (r + 1) * sum(place * row) over the rows of both; their losses together are 3 * sum(place * row).
  const results = await inEveryWorker(await groups, async (session, { rank }) => {
    const rows = session.variable('rows', [2, 1], float32(Float32Array.of(1, 2), [2, 1]));
    const act = session.compile('act', () => {
      const loss = () => {
        const whole = wholeBatchRows(rows.read());
        return { loss: tf.mul(tf.sum(tf.mul(whole, tf.tensor2d([1, 2, 3, 4], [4, 1]))), rank + 1), aux: {} };
      };
      const { gradients } = differentiate(loss as never, [rows]);
      return { own: gradients[0].gradient, mean: meanOverWorkers(gradients)[0].gradient };
    });
    return act({});
  });
  t.deepEqual(
    results.map(({ own }) => numbers(own.data)),
    [
      [3, 6],
      [9, 12],
    ],
  );
  for (const { mean } of results) t.deepEqual(numbers(mean.data), [6, 9]);
});

test.serial('gradients in bfloat16 are rounded on the wire, to the same bits everywhere', async (t) => {
  const exact = 1 + 1 / 1024;
  const results = await inEveryWorker(
    (await groups).map((group) => ({ ...group, wire: 'bfloat16' as const })),
    async (session) => {
      const weight = session.variable('weight', [1], float32(Float32Array.of(1), [1]));
      const act = session.compile('act', () => {
        const { gradients } = differentiate(
          () => ({ loss: tf.mul(tf.sum(weight.read()), exact), aux: {} }) as never,
          [weight],
        );
        return { mean: meanOverWorkers(gradients)[0].gradient };
      });
      return act({});
    },
  );
  for (const { mean } of results) t.is(Number(mean.data[0]), 1);
});

test.serial(
  'batch normalisation by the statistics of both workers: the formula on all rows, and its gradient',
  async (t) => {
    const [rows, channels, epsilon] = [6, 3, 1e-3];
    const rng = createRng('rows');
    const all = Array.from({ length: 2 * rows * channels }, () => 2 + rng.normal());
    const upstream = all.map(() => rng.normal());
    const [gamma, beta] = [Float32Array.of(0.5, 1, 2), Float32Array.of(0, 1, -1)];
    const results = await inEveryWorker(await groups, async (session, { rank }) => {
      const part = (values: number[]) =>
        float32(Float32Array.from(values.slice(rank * rows * channels, (rank + 1) * rows * channels)), [
          rows,
          1,
          1,
          channels,
        ]);
      const act = session.compile('act', ({ x, dy }) => {
        const scale = tf.tensor1d(Array.from(gamma));
        const offset = tf.tensor1d(Array.from(beta));
        const grads = tf.grads((a, b, c) => batchNormTrain(a, b, c, epsilon).y as ReturnType<typeof tf.scalar>);
        const [dx, dScale, dOffset] = grads([x, scale, offset], dy as ReturnType<typeof tf.scalar>);
        return { ...batchNormTrain(x, scale, offset, epsilon), dx, dScale, dOffset };
      });
      return act({ x: part(all), dy: part(upstream) });
    });
    const column = (values: number[], c: number) => values.filter((_, i) => i % channels === c);
    const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
    const [y, dx, dScale] = [Array<number>(all.length), Array<number>(all.length), [0, 0, 0]];
    for (let c = 0; c < channels; c++) {
      const [x, dy] = [column(all, c), column(upstream, c)];
      const mean = sum(x) / x.length;
      const variance = sum(x.map((value) => (value - mean) ** 2)) / x.length;
      const normal = x.map((value) => (value - mean) / Math.sqrt(variance + epsilon));
      dScale[c] = sum(normal.map((value, i) => value * dy[i]));
      normal.forEach((value, i) => {
        y[i * channels + c] = value * gamma[c] + beta[c];
        const centred = dy[i] - sum(dy) / x.length - (value * dScale[c]) / x.length;
        dx[i * channels + c] = (gamma[c] / Math.sqrt(variance + epsilon)) * centred;
      });
      for (const result of results) {
        close(t, [Number(result.mean.data[c])], [mean], 1e-5);
        close(t, [Number(result.variance.data[c])], [(variance * x.length) / (x.length - 1)], 1e-5);
      }
    }
    close(
      t,
      results.flatMap((result) => numbers(result.y.data)),
      y,
      1e-5,
    );
    close(
      t,
      results.flatMap((result) => numbers(result.dx.data)),
      dx,
      1e-5,
    );
    const scales = results.map((result) => numbers(result.dScale.data));
    close(
      t,
      scales[0].map((value, c) => value + scales[1][c]),
      dScale,
      1e-4,
    );
  },
);

test.serial("one worker's NaN refuses the step in all of them, with the same words, and changes nothing", async (t) => {
  const errors = await inEveryWorker(await openGroups(2), async (session, { rank }) => {
    const weight = session.variable('weight', [], 1);
    const act = session.compile('act', ({ x }) => {
      const doubled = tf.mul(x, 2);
      requireFinite({ 'the loss': doubled });
      weight.assign(doubled);
      return {};
    });
    const error = await act({ x: rank === 0 ? 1 : Number.NaN }).then(
      () => undefined,
      (refusal: unknown) => refusal,
    );
    t.is(Number((await session.save()).weight.data[0]), 1);
    return error;
  });
  for (const error of errors) {
    t.true(error instanceof NotFiniteError);
    t.is((error as Error).message, 'the loss became NaN');
  }
});

/** Runs a filter on a packet, as the kernel would: loads are counted from the head of the packet. */
function passes(program: ReturnType<typeof sourceFilter>, packet: Buffer): boolean {
  let a = 0;
  for (let at = 0; ; at++) {
    const { code, jt, jf, k } = program[at];
    const place = k - 0xfff00000;
    if (code === 0x30) a = packet.readUInt8(place);
    else if (code === 0x20) a = packet.readUInt32BE(place);
    else if (code === 0x74) a >>>= k;
    else if (code === 0x15) at += a === k ? jt : jf;
    else return k !== 0;
  }
}

const packetV4 = (source: string): Buffer =>
  Buffer.concat([Buffer.from([0x45]), Buffer.alloc(11), Buffer.from(source.split('.').map(Number)), Buffer.alloc(8)]);
const packetV6 = (groups: number[]): Buffer => {
  const packet = Buffer.alloc(40);
  packet[0] = 0x60;
  for (const [i, group] of groups.entries()) packet.writeUInt16BE(group, 8 + 2 * i);
  return packet;
};

test.serial('the filter of a socket lets loopback and the named addresses pass, and nobody else', (t) => {
  const program = sourceFilter(['10.1.2.3', 'fd00::2']);
  for (const source of ['127.0.0.1', '127.9.8.7', '10.1.2.3']) t.true(passes(program, packetV4(source)), source);
  for (const source of ['10.1.2.4', '8.8.8.8', '128.0.0.1']) t.false(passes(program, packetV4(source)), source);
  t.true(passes(program, packetV6([0, 0, 0, 0, 0, 0, 0, 1])));
  t.true(passes(program, packetV6([0xfd00, 0, 0, 0, 0, 0, 0, 2])));
  t.false(passes(program, packetV6([0xfd00, 0, 0, 0, 0, 0, 0, 3])));
  t.false(passes(sourceFilter([]), packetV4('10.1.2.3')));
});

const outward = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address;
const onNetwork = process.platform === 'linux' && outward !== undefined ? test : test.skip;

onNetwork('a filtered socket on all interfaces answers on loopback only', async (t) => {
  const server = createServer((socket) => socket.end('hello')).listen(0, '::');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  t.teardown(() => server.close());
  const answers = (host: string, withinMs: number) =>
    new Promise<boolean>((resolve) => {
      const socket = connect({ port, host }).setTimeout(withinMs);
      const end = (answered: boolean) => {
        socket.destroy();
        resolve(answered);
      };
      socket.once('data', () => end(true));
      socket.once('timeout', () => end(false));
      socket.once('error', () => end(false));
    });
  t.true(await answers(outward!, 5000), 'before, everybody is answered');
  t.is(allowSources(port, []), undefined);
  t.true(await answers('127.0.0.1', 5000));
  t.false(await answers(outward!, 300));
});

test.serial('a port that is taken is the fault of whoever named it, and bad luck where none did', async (t) => {
  const server = createServer().listen(0, '::');
  await new Promise((resolve) => server.once('listening', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as { port: number };
  const addresses = [`127.0.0.1:${port}`];
  const start = (portsNamed: boolean) =>
    startServer({ addresses, rank: 0, threads: 1, sources: [], unfiltered: 'refuse', portsNamed });
  const message = new RegExp(`port ${port}: .*Is the port in use`, 's');
  t.throws(() => start(true), { instanceOf: UserError, message });
  t.throws(() => start(false), { instanceOf: TensorFlowError });
});
