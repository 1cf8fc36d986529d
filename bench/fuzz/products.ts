import { softmaxCrossEntropy, sparseSoftmaxCrossEntropy } from '../../src/engine/ops/cross-entropy.js';
import { type Tensor, tf } from '../../src/engine/tf.js';
import { int32 } from '../../src/host-tensor.js';
import { naiveMatMul, naiveSoftmax, naiveTranspose } from '../../test/helpers/oracles/naive-array.js';
import { type Draw, type FuzzCase, numbersOf } from './case.js';

const side = ({ between, pick }: Draw) => pick([between(1, 9), between(1, 70), between(50, 200)]);

/** A matrix product of odd sizes, either side turned over or not, with its gradients. */
export function matMulCase(draw: Draw): FuzzCase {
  const [m, k, n] = [side(draw), side(draw), side(draw)];
  const [turnA, turnB] = [draw.rng.next() < 0.3, draw.rng.next() < 0.3];
  const a = turnA ? draw.normal(k, m) : draw.normal(m, k);
  const b = turnB ? draw.normal(n, k) : draw.normal(k, n);
  const dy = draw.normal(m, n);
  const apply = (x: Tensor, y: Tensor) => tf.matMul(x, y, turnA, turnB);
  return {
    label: `matMul ${JSON.stringify({ m, k, n, turnA, turnB })}`,
    inputs: { a, b, dy },
    build(tensors) {
      const [da, db] = tf.grads((...args) => apply(args[0], args[1]))([tensors.a, tensors.b], tensors.dy);
      return { y: apply(tensors.a, tensors.b), da, db };
    },
    expected() {
      const [as, bs, dys] = [a, b, dy].map(numbersOf);
      const plainA = turnA ? naiveTranspose(k, m, as) : as;
      const plainB = turnB ? naiveTranspose(n, k, bs) : bs;
      const da = naiveMatMul(m, n, k, dys, naiveTranspose(k, n, plainB));
      const db = naiveMatMul(k, m, n, naiveTranspose(m, k, plainA), dys);
      return {
        y: { values: naiveMatMul(m, k, n, plainA, plainB) },
        da: { values: turnA ? naiveTranspose(m, k, da) : da },
        db: { values: turnB ? naiveTranspose(k, n, db) : db },
      };
    },
  };
}

/** Product, bias and rectifier in a row, which TensorFlow's optimizer fuses into one kernel. */
export function denseCase(draw: Draw): FuzzCase {
  const [m, k, n] = [side(draw), side(draw), side(draw)];
  const [x, w, bias] = [draw.normal(m, k), draw.normal(k, n), draw.normal(n)];
  return {
    label: `matMul+bias+relu ${JSON.stringify({ m, k, n })}`,
    inputs: { x, w, bias },
    build: (tensors) => ({ y: tf.relu(tf.add(tf.matMul(tensors.x, tensors.w), tensors.bias)) }),
    expected() {
      const product = naiveMatMul(m, k, n, numbersOf(x), numbersOf(w));
      return { y: { values: product.map((value, i) => Math.max(0, value + numbersOf(bias)[i % n])) } };
    },
  };
}

/** Cross-entropy against distributions or against class indices, with the gradient in the logits. */
export function crossEntropyCase(draw: Draw): FuzzCase {
  const [rows, classes] = [draw.between(1, 40), draw.pick([draw.between(1, 9), draw.between(2, 300)])];
  const sparse = draw.rng.next() < 0.5;
  const [logits, dy] = [draw.normal(rows, classes), draw.normal(rows)];
  const labels = Int32Array.from({ length: rows }, () => draw.rng.int(classes));
  const targets = draw.normal(rows, classes);
  targets.data = Float32Array.from(
    sparse
      ? Array.from(numbersOf(targets), (_, i) => Number(labels[Math.floor(i / classes)] === i % classes))
      : Array.from(naiveSoftmax(classes, numbersOf(targets))),
  );
  const loss = (tensors: Record<string, Tensor>) => (x: Tensor) =>
    sparse ? sparseSoftmaxCrossEntropy(x, tensors.labels) : softmaxCrossEntropy(x, tensors.targets);
  return {
    label: `${sparse ? 'sparseSoftmax' : 'softmax'}CrossEntropy ${JSON.stringify({ rows, classes })}`,
    inputs: sparse ? { logits, dy, labels: int32(labels) } : { logits, dy, targets },
    build: (tensors) => ({
      y: loss(tensors)(tensors.logits),
      dx: tf.grad((x) => loss(tensors)(x as Tensor))(tensors.logits, tensors.dy),
    }),
    expected() {
      const [xs, ts, dys] = [logits, targets, dy].map(numbersOf);
      const softmax = naiveSoftmax(classes, xs);
      const y = new Float64Array(rows);
      softmax.forEach((p, i) => {
        y[Math.floor(i / classes)] -= ts[i] * Math.log(p);
      });
      return {
        y: { values: y, scale: 4 },
        dx: { values: softmax.map((p, i) => (p - ts[i]) * dys[Math.floor(i / classes)]), scale: 1 },
      };
    },
  };
}

/** Softmax over the last axis, with its gradient. */
export function softmaxCase(draw: Draw): FuzzCase {
  const [rows, columns] = [side(draw), side(draw)];
  const [x, dy] = [draw.normal(rows, columns), draw.normal(rows, columns)];
  return {
    label: `softmax ${JSON.stringify({ rows, columns })}`,
    inputs: { x, dy },
    build: (tensors) => ({
      y: tf.softmax(tensors.x),
      dx: tf.grad((input) => tf.softmax(input))(tensors.x, tensors.dy),
    }),
    expected() {
      const y = naiveSoftmax(columns, numbersOf(x));
      const dys = numbersOf(dy);
      const inner = new Float64Array(rows);
      y.forEach((p, i) => {
        inner[Math.floor(i / columns)] += p * dys[i];
      });
      const dx = y.map((p, i) => p * (dys[i] - inner[Math.floor(i / columns)]));
      return { y: { values: y, scale: 1 }, dx: { values: dx, scale: 1 } };
    },
  };
}
