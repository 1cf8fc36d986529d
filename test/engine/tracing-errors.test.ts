import { readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { type Tensor, tf } from '../../src/engine/tf.js';
import { userFrame } from '../../src/engine/user-frame.js';
import { float32 } from '../../src/host-tensor.js';
import { withSession } from '../helpers/session.js';

const source = readFileSync(new URL('../../../test/engine/tracing-errors.test.ts', import.meta.url), 'utf8').split(
  '\n',
);

/** Traces `fn` and checks that the error matches, names the function, and names a line of this file that ends in `// here`. */
async function fails(t: ExecutionContext, message: RegExp, fn: (x: Tensor) => unknown): Promise<void> {
  await withSession(async (session) => {
    const compiled = session.compile('loss', ({ x }) => ({ y: fn(x) as Tensor }));
    const error = await t.throwsAsync(compiled({ x: float32([1, 2, 3, 4, 5, 6], [2, 3]) }));
    t.regex(error!.message, message);
    const place = error!.message.match(/\(tracing 'loss', at .*\/test\/engine\/tracing-errors\.test\.ts:(\d+):\d+\)$/);
    t.truthy(place, error!.message);
    t.regex(source[Number(place?.[1]) - 1], /\/\/ here$/);
  });
}

const READS: Record<string, (x: Tensor) => unknown> = {
  dataSync: (x) => x.dataSync(), // here
  arraySync: (x) => x.arraySync(), // here
  bufferSync: (x) => x.bufferSync(), // here
  data: (x) => x.data(), // here
  array: (x) => x.array(), // here
  buffer: (x) => x.buffer(), // here
  print: (x) => x.print(), // here
  String: (x) => String(x), // here
  whereAsync: (x) => tf.whereAsync(tf.cast(x, 'bool')), // here
};

for (const [name, read] of Object.entries(READS)) {
  test(`reading a traced value (${name}) names the op and the line`, async (t) => {
    await fails(t, /the value of a traced tensor \((Square|Cast), shape \[2,3\]\) was read while tracing/, (x) => {
      const y = tf.square(x);
      read(y);
      return y;
    });
  });
}

test('the op that is named is the one whose value was read', async (t) => {
  await fails(t, /\(Softmax, shape \[2,3\]\)/, (x) => {
    const y = tf.softmax(x);
    y.dataSync(); // here
    return y;
  });
});

test('an asynchronous read inside an async function fails the trace', async (t) => {
  await fails(t, /\(Exp, shape \[2,3\]\) was read/, async (x) => {
    const y = tf.exp(x);
    await y.data(); // here
    return y;
  });
});

test('a wrong shape found by TensorFlow names the op and the line', async (t) => {
  await fails(t, /Add: Dimensions must be equal, but are 3 and 4/, (x) => {
    return tf.add(x, tf.zeros([4])); // here
  });
  await fails(t, /ConcatV2: Dimension 0 in both shapes/, (x) => {
    return tf.concat([x, tf.zeros([2, 2])]); // here
  });
  await fails(t, /Reshape: Cannot reshape a tensor with 6 elements to shape \[4\]/, (x) => {
    return tf.reshape(x, [4]); // here
  });
});

test('a wrong shape found by TensorFlow.js names the line', async (t) => {
  await fails(t, /conv2d: input must be rank 4/, (x) => {
    return tf.conv2d(x as never, x as never, 1, 'same'); // here
  });
  await fails(t, /Error in transpose: rank of input 2 must match length of perm/, (x) => {
    return tf.transpose(x, [0, 1, 2]); // here
  });
});

test('an op whose shape depends on values is refused', async (t) => {
  await fails(t, /UniqueV2 has a shape that depends on values/, (x) => {
    return tf.unique(tf.reshape(x, [6])).values; // here
  });
});

test('a tf.variable would freeze, so it is refused', async (t) => {
  const variable = tf.variable(tf.ones([3]));
  await fails(t, /a tf.variable keeps its value in JavaScript/, (x) => {
    return tf.add(x, variable); // here
  });
});

test('the user frame is the first one outside of TensorFlow.js, the engine and the layers', (t) => {
  const stack = (...places: string[]) => ['Error: x', ...places.map((place) => `    at ${place}`)].join('\n');
  const ours = [
    'Object.add (/app/node_modules/@tensorflow/tfjs-core/dist/tf-core.node.js:1:2)',
    'add_ (/app/tfjs-core/src/ops/add.ts:7:3)',
    'raw (file:///app/dist/src/engine/raw.js:3:4)',
    'new Promise (<anonymous>)',
  ];
  t.is(userFrame(stack(...ours, 'loss (file:///home/me/my%20model.mjs:5:6)')), '/home/me/my%20model.mjs:5:6');
  t.is(userFrame(stack(...ours, 'loss (/home/my dir (old)/model.ts:5:6)')), '/home/my dir (old)/model.ts:5:6');
  t.is(userFrame(stack(...ours, '/home/me/model.mjs:5:6')), '/home/me/model.mjs:5:6');
  t.is(userFrame(stack('layer (/app/src/nn/conv.ts:1:1)', 'f (/home/me/model.ts:2:2)')), '/home/me/model.ts:2:2');
  t.is(userFrame(stack('layer (/app/src/nn/conv.ts:1:1)')), '/app/src/nn/conv.ts:1:1');
  t.is(userFrame(stack(...ours)), undefined);
  t.is(userFrame(undefined), undefined);
});
