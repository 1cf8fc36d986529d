import { gather } from '../../src/engine/gather.js';
import { type Tensor, tf } from '../../src/engine/tf.js';
import { int32, sizeOf } from '../../src/host-tensor.js';
import { forEachIndex, offsetOf, stridesOf } from '../../test/helpers/oracles/naive-array.js';
import { type Draw, type FuzzCase, numbersOf } from './case.js';

/** An op that moves elements: `from` gives the place in x of each output element, -1 for a zero. */
interface Move {
  name: string;
  shape: number[];
  outShape: number[];
  apply: (x: Tensor) => Tensor;
  from: (out: readonly number[]) => number;
  withoutGradient?: boolean;
}

const drawShape = ({ between, pick }: Draw, rank = between(1, 4)): number[] =>
  Array.from({ length: rank }, () => (rank < 3 ? pick([between(1, 9), between(1, 90)]) : between(1, 12)));

function pad(draw: Draw): Move {
  const shape = drawShape(draw);
  const pads = shape.map(() => [draw.between(0, 4), draw.between(0, 4)] as [number, number]);
  return {
    name: `pad ${JSON.stringify(pads)}`,
    shape,
    outShape: shape.map((size, i) => size + pads[i][0] + pads[i][1]),
    apply: (x) => tf.pad(x, pads),
    from(out) {
      const inside = out.map((at, i) => at - pads[i][0]);
      return inside.some((at, i) => at < 0 || at >= shape[i]) ? -1 : offsetOf(inside, stridesOf(shape));
    },
  };
}

function stridedSlice(draw: Draw): Move {
  const shape = drawShape(draw);
  const begin = shape.map((size) => draw.rng.int(size));
  const end = shape.map((size, i) => draw.between(begin[i] + 1, size));
  const steps = shape.map(() => draw.between(1, 3));
  return {
    name: `stridedSlice ${JSON.stringify({ begin, end, steps })}`,
    shape,
    outShape: shape.map((_, i) => Math.ceil((end[i] - begin[i]) / steps[i])),
    apply: (x) => tf.stridedSlice(x, begin, end, steps),
    from: (out) =>
      offsetOf(
        out.map((at, i) => begin[i] + at * steps[i]),
        stridesOf(shape),
      ),
    // TensorFlow.js has none.
    withoutGradient: true,
  };
}

function slice(draw: Draw): Move {
  const shape = drawShape(draw);
  const begin = shape.map((size) => draw.rng.int(size));
  const outShape = shape.map((size, i) => draw.between(1, size - begin[i]));
  return {
    name: `slice ${JSON.stringify(begin)}`,
    shape,
    outShape,
    apply: (x) => tf.slice(x, begin, outShape),
    from: (out) =>
      offsetOf(
        out.map((at, i) => begin[i] + at),
        stridesOf(shape),
      ),
  };
}

function transpose(draw: Draw): Move {
  const shape = drawShape(draw);
  const order = draw.rng.shuffle(shape.map((_, i) => i));
  const strides = stridesOf(shape);
  return {
    name: `transpose ${JSON.stringify(order)}`,
    shape,
    outShape: order.map((axis) => shape[axis]),
    apply: (x) => tf.transpose(x, order),
    from: (out) =>
      offsetOf(
        out,
        order.map((axis) => strides[axis]),
      ),
  };
}

function concat(draw: Draw): Move {
  const shape = drawShape(draw);
  const axis = draw.rng.int(shape.length);
  const cut = draw.between(0, shape[axis] - 1);
  const parts = cut === 0 ? [shape[axis]] : [cut, shape[axis] - cut];
  const begins = [cut, 0].slice(2 - parts.length);
  return {
    name: `split and concat the other way round, ${JSON.stringify({ axis, parts })}`,
    shape,
    outShape: shape,
    // TensorFlow.js cannot differentiate a split into one part, and its tape holds the very array that split returns.
    apply: (x) => tf.concat(parts.length === 1 ? [x] : tf.split(x, parts, axis).toReversed(), axis),
    from(out) {
      const tail = shape[axis] - cut;
      const at = parts.length === 1 ? out[axis] : out[axis] < tail ? out[axis] + begins[0] : out[axis] - tail;
      return offsetOf(
        out.map((i, along) => (along === axis ? at : i)),
        stridesOf(shape),
      );
    },
  };
}

/** Checks a move: the elements, and that gradients add up where they came from. */
export function moveCase(draw: Draw): FuzzCase {
  const move = draw.pick([pad, stridedSlice, slice, transpose, concat])(draw);
  const { shape, outShape, apply } = move;
  const [x, dy] = [draw.normal(...shape), draw.normal(...outShape)];
  return {
    label: `${move.name} of ${JSON.stringify(shape)}`,
    inputs: { x, dy },
    build: (tensors) => ({
      y: apply(tensors.x),
      ...(move.withoutGradient ? {} : { dx: tf.grad((input) => apply(input as Tensor))(tensors.x, tensors.dy) }),
    }),
    expected() {
      const y = new Float64Array(sizeOf(outShape));
      const dx = new Float64Array(sizeOf(shape));
      forEachIndex(outShape, (out, place) => {
        const from = move.from(out);
        if (from < 0) return;
        y[place] = numbersOf(x)[from];
        dx[from] += numbersOf(dy)[place];
      });
      return { y: { values: y }, ...(move.withoutGradient ? {} : { dx: { values: dx } }) };
    },
  };
}

/** gather along any axis by indices of rank 0 to 2, repeated ones among them. */
export function gatherCase(draw: Draw): FuzzCase {
  const shape = drawShape(draw);
  const axis = draw.rng.int(shape.length);
  const indexShape = Array.from({ length: draw.between(0, 2) }, () => draw.between(1, 7));
  const indices = int32(
    Int32Array.from({ length: sizeOf(indexShape) }, () => draw.rng.int(shape[axis])),
    indexShape,
  );
  const outShape = [...shape.slice(0, axis), ...indexShape, ...shape.slice(axis + 1)];
  const [x, dy] = [draw.normal(...shape), draw.normal(...outShape)];
  const along = draw.rng.next() < 0.3 ? axis - shape.length : axis;
  const from = (out: readonly number[]) => {
    const chosen = offsetOf(out.slice(axis, axis + indexShape.length), stridesOf(indexShape));
    const at = [...out.slice(0, axis), numbersOf(indices)[chosen], ...out.slice(axis + indexShape.length)];
    return offsetOf(at, stridesOf(shape));
  };
  return {
    label: `gather ${JSON.stringify({ shape, axis: along, indexShape })}`,
    inputs: { x, dy, indices },
    build: (tensors) => ({
      y: gather(tensors.x, tensors.indices, along),
      dx: tf.grad((input) => gather(input as Tensor, tensors.indices, along))(tensors.x, tensors.dy),
    }),
    expected() {
      const y = new Float64Array(sizeOf(outShape));
      const dx = new Float64Array(sizeOf(shape));
      forEachIndex(outShape, (out, place) => {
        y[place] = numbersOf(x)[from(out)];
        dx[from(out)] += numbersOf(dy)[place];
      });
      return { y: { values: y }, dx: { values: dx } };
    },
  };
}
