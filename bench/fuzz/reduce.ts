import { type Tensor, tf } from '../../src/engine/tf.js';
import { sizeOf } from '../../src/host-tensor.js';
import { forEachIndex, offsetOf, stridesOf } from '../../test/helpers/oracles/naive-array.js';
import { type Draw, type FuzzCase, numbersOf } from './case.js';

const REDUCTIONS = {
  sum: (x: Tensor, axes: number[], keep: boolean) => tf.sum(x, axes, keep),
  mean: (x: Tensor, axes: number[], keep: boolean) => tf.mean(x, axes, keep),
  max: (x: Tensor, axes: number[], keep: boolean) => tf.max(x, axes, keep),
  min: (x: Tensor, axes: number[], keep: boolean) => tf.min(x, axes, keep),
};

/** Sum, mean, largest or smallest over some axes, with the gradient. */
export function reduceCase(draw: Draw): FuzzCase {
  const name = draw.pick(Object.keys(REDUCTIONS) as (keyof typeof REDUCTIONS)[]);
  const rank = draw.between(1, 4);
  const shape = Array.from({ length: rank }, () => (rank < 3 ? draw.between(1, 120) : draw.between(1, 14)));
  const chosen = shape.map((_, axis) => axis).filter(() => draw.rng.next() < 0.5);
  const axes = chosen.length > 0 ? chosen : [draw.rng.int(rank)];
  const keep = draw.rng.next() < 0.5;
  const kept = shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const outShape = keep ? kept : shape.filter((_, axis) => !axes.includes(axis));
  const [x, dy] = [draw.normal(...shape), draw.normal(...outShape)];
  const apply = (input: Tensor) => REDUCTIONS[name](input, axes, keep);
  return {
    label: `${name} ${JSON.stringify({ shape, axes, keep })}`,
    inputs: { x, dy },
    build: (tensors) => ({
      y: apply(tensors.x),
      dx: tf.grad((input) => apply(input as Tensor))(tensors.x, tensors.dy),
    }),
    expected: () => reduced(name, shape, kept, numbersOf(x), numbersOf(dy)),
  };
}

function reduced(
  name: keyof typeof REDUCTIONS,
  shape: number[],
  kept: number[],
  x: ArrayLike<number>,
  dy: ArrayLike<number>,
) {
  const groups: number[][] = Array.from({ length: sizeOf(kept) }, () => []);
  const strides = stridesOf(kept);
  forEachIndex(shape, (index, place) => {
    groups[
      offsetOf(
        index.map((i, axis) => (kept[axis] === 1 ? 0 : i)),
        strides,
      )
    ].push(place);
  });
  const dx = new Float64Array(x.length);
  const y = groups.map((places, group) => {
    const values = places.map((place) => x[place]);
    const sum = values.reduce((total, value) => total + value, 0);
    const extreme = name === 'max' ? Math.max(...values) : Math.min(...values);
    for (const place of places) {
      if (name === 'sum') dx[place] = dy[group];
      else if (name === 'mean') dx[place] = dy[group] / places.length;
      else dx[place] = x[place] === extreme ? dy[group] : 0;
    }
    return name === 'sum' ? sum : name === 'mean' ? sum / places.length : extreme;
  });
  const largest = Math.sqrt(groups[0].length);
  return { y: { values: y, scale: name === 'sum' ? Math.max(1, largest) : 1 }, dx: { values: dx, scale: 1 } };
}

/** Broadcast arithmetic, whose gradients are sums over the repeated axes. */
export function broadcastCase(draw: Draw): FuzzCase {
  const shape = Array.from({ length: draw.between(1, 4) }, () => draw.between(1, 14));
  const narrow = shape.slice(draw.rng.int(shape.length)).map((size) => (draw.rng.next() < 0.4 ? 1 : size));
  const [a, b, dy] = [draw.normal(...shape), draw.normal(...narrow), draw.normal(...shape)];
  const strides = stridesOf(narrow);
  const placeIn = (index: number[]) =>
    offsetOf(
      index.slice(shape.length - narrow.length).map((i, axis) => (narrow[axis] === 1 ? 0 : i)),
      strides,
    );
  return {
    label: `a * b + b ${JSON.stringify({ shape, narrow })}`,
    inputs: { a, b, dy },
    build(tensors) {
      const apply = (...args: Tensor[]) => tf.add(tf.mul(args[0], args[1]), args[1]) as Tensor;
      const [da, db] = tf.grads(apply)([tensors.a, tensors.b], tensors.dy);
      return { y: apply(tensors.a, tensors.b), da, db };
    },
    expected() {
      const [as, bs, dys] = [a, b, dy].map(numbersOf);
      const [y, da] = [new Float64Array(as.length), new Float64Array(as.length)];
      const db = new Float64Array(bs.length);
      forEachIndex(shape, (index, place) => {
        const other = placeIn(index);
        y[place] = as[place] * bs[other] + bs[other];
        da[place] = bs[other] * dys[place];
        db[other] += (as[place] + 1) * dys[place];
      });
      const scale = Math.sqrt(as.length / bs.length);
      return { y: { values: y }, da: { values: da }, db: { values: db, scale: Math.max(1, scale) } };
    },
  };
}
