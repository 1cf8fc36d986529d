import test from 'ava';
import { openSession } from '../../../src/engine/session/session.js';
import { type Tensor, tf } from '../../../src/engine/tf.js';
import { UserError } from '../../../src/errors.js';
import { float32, int32 } from '../../../src/host-tensor.js';
import { withSession } from '../../helpers/session.js';

test('a function is traced once per set of input shapes', async (t) => {
  await withSession(async (session) => {
    let traces = 0;
    const double = session.compile('double', ({ x }) => {
      traces++;
      return { y: tf.add(x, x) };
    });
    t.deepEqual((await double({ x: float32([1, 2]) })).y, float32([2, 4]));
    t.deepEqual((await double({ x: float32([3, 4]) })).y, float32([6, 8]));
    t.is(traces, 1);
    const nodes = session.graph.operations.length;
    t.deepEqual((await double({ x: float32([1, 2, 3]) })).y, float32([2, 4, 6]));
    t.deepEqual((await double({ x: int32([1, 2]) })).y, int32([2, 4]));
    t.is(traces, 3);
    double.trace({ x: float32([5, 6]) });
    await double({ x: float32([5, 6]) });
    t.is(traces, 3);
    t.true(session.graph.operations.length > nodes);
  });
});

test('reads and writes of a variable happen in the order of the code', async (t) => {
  await withSession(async (session) => {
    const v = session.variable('v', [2], float32([1, 2]));
    const act = session.compile('act', () => {
      const first = v.read();
      v.assign(tf.add(first, 1));
      const second = v.read();
      v.assign(tf.mul(second, 10));
      return { first, second, third: v.read() };
    });
    t.deepEqual(await act({}), { first: float32([1, 2]), second: float32([2, 3]), third: float32([20, 30]) });
    t.deepEqual(await act({}), { first: float32([20, 30]), second: float32([21, 31]), third: float32([210, 310]) });
    t.deepEqual(await session.save(), { v: float32([210, 310]) });
  });
});

test('a write that nothing fetches still happens', async (t) => {
  await withSession(async (session) => {
    const v = session.variable('v', [], 5);
    const count = session.compile('count', ({ by }) => {
      v.assign(tf.add(v.read(), by));
      return {};
    });
    await Promise.all([count({ by: 1 }), count({ by: 2 }), count({ by: 3 })]);
    t.deepEqual((await session.save()).v, float32(11));
  });
});

test('variables start with a value or filled with a number, in every type', async (t) => {
  await withSession(async (session) => {
    session.variable('values', [2, 1], float32([3, 4], [2, 1]));
    session.variable('filled', [3], 0.5);
    session.variable('codes', [2], 7, 'uint8');
    session.variable('short', [2], -9, 'int16');
    session.variable('long', [2], -3, 'int64');
    session.variable('whole', [1], 8, 'int32');
    t.deepEqual(await session.save(), {
      values: float32([3, 4], [2, 1]),
      filled: float32([0.5, 0.5, 0.5]),
      codes: { dtype: 'uint8', shape: [2], data: Uint8Array.of(7, 7) },
      short: { dtype: 'int16', shape: [2], data: Int16Array.of(-9, -9) },
      long: { dtype: 'int64', shape: [2], data: BigInt64Array.of(-3n, -3n) },
      whole: int32([8]),
    });
    t.deepEqual(Object.keys(await session.save(['codes'])), ['codes']);
  });
});

test('calls made at once all see the first values', async (t) => {
  await withSession(async (session) => {
    const [filled, valued] = [session.variable('filled', [2], 1), session.variable('valued', [2], float32([1, 2]))];
    const sum = session.compile('sum', ({ x }) => ({ y: tf.mul(x, tf.add(filled.read(), valued.read())) }));
    const [one, two, saved] = await Promise.all([sum({ x: 1 }), sum({ x: 2 }), session.save(['valued'])]);
    t.deepEqual([one.y, two.y, saved.valued], [float32([2, 3]), float32([4, 6]), float32([1, 2])]);
  });
});

test('what was saved loads into another session', async (t) => {
  const saved = await withSession(async (session) => {
    session.variable('a', [2], float32([1.5, -2]));
    session.variable('b', [], 3);
    return session.save();
  });
  await withSession(async (session) => {
    session.variable('a', [2], 0);
    session.variable('b', [], 0);
    await session.load(saved);
    t.deepEqual(await session.save(), saved);
  });
});

test('a variable that does not fit or does not exist is named', async (t) => {
  await withSession(async (session) => {
    const v = session.variable('layer/weight', [2], 0);
    t.throws(() => session.variable('layer/weight', [2], 0), { message: "there is already a variable 'layer/weight'" });
    t.throws(() => session.variable('w', [3], float32([1, 2])), { message: /'w' is float32 \[3\].*float32 \[2\]/ });
    await t.throwsAsync(session.load({ other: float32(1) }), { message: "there is no variable 'other' to load" });
    await t.throwsAsync(session.load({ 'layer/weight': float32([1]) }), {
      message: /'layer\/weight' is float32 \[2\]/,
    });
    await t.throwsAsync(session.save(['other']), { message: "there is no variable 'other' to save" });
    const grow = session.compile('grow', () => {
      v.assign(tf.zeros([3]));
      return {};
    });
    await t.throwsAsync(grow({}), { message: /'layer\/weight' has shape \[2\].*\[3\].*tracing 'grow'/ });
  });
});

test('an input may be handed back as it came', async (t) => {
  await withSession(async (session) => {
    const same = session.compile('same', ({ x }) => ({ x, again: x }));
    t.deepEqual(await same({ x: float32([1, 2]) }), { x: float32([1, 2]), again: float32([1, 2]) });
  });
});

test('a function must return tensors, at once', async (t) => {
  await withSession(async (session) => {
    const later = session.compile('later', (async () => {
      throw new Error('not noticed');
    }) as unknown as () => Record<string, Tensor>);
    await t.throwsAsync(later({}), { message: /cannot be async.*tracing 'later'/ });
    const number = session.compile('number', () => ({ y: 3 }) as unknown as Record<string, Tensor>);
    await t.throwsAsync(number({}), { message: /output 'y' is not a tensor/ });
  });
});

test('a constant serves two sessions; a traced tensor and a variable belong to theirs', async (t) => {
  const constant = tf.tensor1d([1, 2]);
  await withSession(async (session) => {
    await withSession(async (other) => {
      const add = (one: typeof session) => one.compile('add', ({ x }) => ({ y: tf.add(x, constant) }));
      t.deepEqual((await add(session)({ x: float32([1, 1]) })).y, float32([2, 3]));
      t.deepEqual((await add(other)({ x: float32([2, 2]) })).y, float32([3, 4]));
      const v = session.variable('v', [2], 0);
      let kept: Tensor | undefined;
      const keep = session.compile('keep', ({ x }) => {
        kept = tf.keep(tf.square(x));
        return { kept };
      });
      await keep({ x: float32([1, 2]) });
      const foreign = other.compile('foreign', ({ x }) => ({ y: tf.add(x, kept!) }));
      await t.throwsAsync(foreign({ x: float32([1, 2]) }), {
        message: /an input of Add \(a Square\) belongs to another/,
      });
      const variable = other.compile('variable', ({ x }) => ({ y: tf.add(x, v.read()) }));
      await t.throwsAsync(variable({ x: float32([1, 2]) }), { message: /variable 'v' belongs to another session/ });
    });
  });
});

test('a closed session says so', async (t) => {
  const session = openSession({ device: 'cpu' });
  const v = session.variable('v', [], 1);
  const ready = session.compile('ready', ({ x }) => ({ y: tf.mul(x, v.read()) }));
  const underWay = ready({ x: 3 });
  await session.close();
  await session.close();
  await underWay.then(
    ({ y }) => t.deepEqual(y, float32(3)),
    (error: Error) => t.regex(error.message, /closed/),
  );
  const closed = { message: /the session was closed; open another/ };
  await t.throwsAsync(ready({ x: 3 }), closed);
  await t.throwsAsync(session.compile('new', ({ x }) => ({ y: tf.mul(x, 2) }))({ x: 1 }), closed);
  t.throws(() => session.variable('w', [], 1), closed);
  await t.throwsAsync(session.save(), closed);
});

test('tensor operations outside of a compiled function say so', (t) => {
  t.throws(() => tf.add(1, 2), { message: /run inside a function given to compile/ });
});

test('a wrong number of values is refused before TensorFlow sees it', async (t) => {
  await withSession(async (session) => {
    const same = session.compile('same', ({ x }) => ({ y: tf.mul(x, 1) }));
    await t.throwsAsync(same({ x: float32([1, 2], [3]) }), { message: /shape \[3\] needs 3 values, got 2/ });
  });
});

test('the event loop goes on while a step runs', async (t) => {
  await withSession(async (session) => {
    const work = session.compile('work', ({ x }) => {
      let y: Tensor = x;
      for (let i = 0; i < 12; i++) y = tf.matMul(y, x);
      return { y: tf.sum(y) };
    });
    const x = float32(new Float32Array(700 * 700), [700, 700]);
    await work({ x });
    let turns = 0;
    let running = true;
    const turn = () => {
      turns++;
      if (running) setImmediate(turn);
    };
    setImmediate(turn);
    await work({ x });
    running = false;
    t.true(turns > 20, `${turns} turns of the event loop`);
  });
});

test('XLA gives the same numbers, and says that it cannot be measured', async (t) => {
  const x = float32(
    Float32Array.from({ length: 64 }, (_, i) => Math.sin(i)),
    [8, 8],
  );
  const outputs: Float32Array[] = [];
  for (const xla of [false, true]) {
    await withSession(
      async (session) => {
        const fn = session.compile('fn', (inputs) => {
          const y = tf.tanh(tf.matMul(inputs.x, inputs.x));
          return { y: tf.sum(tf.mul(tf.exp(y), tf.sigmoid(y)), 1) };
        });
        outputs.push((await fn({ x })).y.data as Float32Array);
        if (xla) await t.throwsAsync(fn.measure({ x }), { message: /XLA cannot be measured/ });
      },
      { xla },
    );
  }
  for (const [i, plain] of outputs[0].entries()) t.true(Math.abs(plain - outputs[1][i]) < 1e-5 * Math.abs(plain));
});

test('a GPU that is not there is an error of the user', async (t) => {
  const present = await withSession((session) => session.devices.some(({ type }) => type === 'GPU'), {
    device: 'auto',
  });
  if (present) return t.pass('this machine has one');
  const error = t.throws(() => openSession({ device: 'gpu' }), { instanceOf: UserError });
  t.regex(error!.message, /sees only .*CPU.*voxloop setup --gpu/);
});

test('threads are set by the first session of a process', async (t) => {
  await withSession(() => {});
  const error = t.throws(() => openSession({ device: 'cpu', threads: 3 }), { instanceOf: UserError });
  t.regex(error!.message, /3 threads were asked for.*first session/);
  t.throws(() => openSession({ device: 'cpu', threads: 100_000 }), {
    instanceOf: UserError,
    message: /100000 threads are too many: give at most 1024/,
  });
});
