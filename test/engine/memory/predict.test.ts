import test from 'ava';
import { DT } from '../../../src/engine/graph/data-types.js';
import type { OperationRecord, Phase } from '../../../src/engine/graph/operation-record.js';
import { cudnnWorkspace } from '../../../src/engine/memory/cudnn-workspace.js';
import { emptyParts } from '../../../src/engine/memory/memory-parts.js';
import { type OutputRef, reachedGraph } from '../../../src/engine/memory/plan-graph.js';
import { predictMemory } from '../../../src/engine/memory/predict.js';

const MAP_BYTES = 4 * 100;

/** A little graph of maps of 400 bytes; each operation has one output. */
function sketch() {
  const operations: OperationRecord[] = [];
  let phase: Phase = 'forward';
  const add = (type: string, inputs: number[] = [], controls: number[] = [], shape = [100]) => {
    const index = operations.length;
    operations.push({
      index,
      name: `${phase}/${type}_${index}`,
      type,
      phase,
      controls,
      inputs: inputs.map((operation) => ({ operation, output: 0 })),
      outputs: type === 'NoOp' ? [] : [{ shape, dataType: DT.FLOAT }],
      attributes: [],
    });
    return index;
  };
  return {
    operations,
    add,
    setPhase(next: Phase) {
      phase = next;
    },
    /** Most maps alive at once. */
    peak(feeds: number[], fetches: number[], targets: number[] = [], onGpu = false): number {
      const refs: OutputRef[] = fetches.map((operation) => ({ operation, output: 0 }));
      const run = { operations, feeds, fetches: refs, targets, gradients: [], standing: emptyParts(), onGpu };
      return predictMemory(run).peakBytes / MAP_BYTES;
    },
  };
}

test('a chain holds two maps at a time', (t) => {
  const { add, peak } = sketch();
  const x = add('Placeholder');
  let y = x;
  for (let i = 0; i < 5; i++) y = add('Conv2D', [y]);
  t.is(peak([x], [y]), 2);
});

test('a chain of elementwise operations works in place, once the input is no longer its own', (t) => {
  const { add, peak } = sketch();
  const x = add('Placeholder');
  let y = x;
  for (let i = 0; i < 5; i++) y = add('Tanh', [y]);
  t.is(peak([x], [y]), 1);
});

test('a map that is needed later is not overwritten', (t) => {
  const { add, peak } = sketch();
  const x = add('Placeholder');
  const a = add('Conv2D', [x]);
  const b = add('Tanh', [a]);
  const c = add('Conv2D', [b]);
  // a waits for the sum; b is its own map, and gone when c is there; the sum takes the place of c.
  t.is(peak([x], [add('Add', [c, a])]), 3);
});

test('both arms of a diamond are alive', (t) => {
  const { add, peak } = sketch();
  const x = add('Placeholder');
  const [a, b] = [add('Conv2D', [x]), add('MaxPool', [x])];
  const [c, d] = [add('Conv2D', [a]), add('Conv2D', [b])];
  // First come, first served: a, b, then c beside both.
  t.is(peak([x], [add('ConcatV2', [c, d], [], [200])]), 4);
});

test('the same work on the same map is done once', (t) => {
  const { add, peak } = sketch();
  const x = add('Placeholder');
  const [a, b] = [add('Conv2D', [x]), add('Conv2D', [x])];
  t.is(peak([x], [add('Concat', [a, b], [], [200])]), 3);
});

test('a rectifier behind batch normalisation costs a float for eight values, and nothing on a GPU', (t) => {
  const { add, operations, peak } = sketch();
  const x = add('Placeholder');
  const norm = add('FusedBatchNormV3', [x], [], [10, 8]);
  // Statistics and what is kept for the gradient: nothing before the fusion.
  for (let i = 0; i < 5; i++) operations[norm].outputs.push({ shape: [0], dataType: DT.FLOAT });
  const relu = add('Relu', [norm], [], [10, 8]);
  const pooled = add('MaxPool', [relu], [], [1]);
  t.is(peak([x], [pooled]) * MAP_BYTES, 4 * (80 + 80 / 8));
  t.is(peak([x], [pooled], [], true) * MAP_BYTES, 4 * (80 + 1));
});

test('what nothing fetches is not run', (t) => {
  const { add, peak } = sketch();
  const x = add('Placeholder');
  const y = add('Conv2D', [x]);
  for (let i = 0; i < 9; i++) add('Conv2D', [x]);
  t.is(peak([x], [y]), 1);
});

test('a reshape shares its map, and an unused output goes at once', (t) => {
  const { add, operations, peak } = sketch();
  const x = add('Placeholder');
  const split = add('FusedBatchNormV3', [x]);
  operations[split].outputs.push({ shape: [300], dataType: DT.FLOAT });
  const flat = add('Reshape', [split], [], [10, 10]);
  t.is(peak([x], [add('Conv2D', [flat])]), 4);
});

/** Ten maps kept for a backward pass that adds them up, or computed again in it, each behind the one before. */
function tenLayers(recomputed: boolean): number {
  const { add, setPhase, peak } = sketch();
  const x = add('Placeholder');
  const maps: number[] = [];
  for (let i = 0; i < 10; i++) maps.push(add('Conv2D', [maps[i - 1] ?? x]));
  setPhase('backward');
  let dy = add('Conv2D', [maps[9]]);
  for (let i = 9; i >= 0; i--) {
    const gate = recomputed ? [add('NoOp', [], [dy])] : [];
    const map = recomputed ? add('Conv2D', [x], gate) : maps[i];
    dy = add('Conv2DBackpropInput', [dy, map], gate);
  }
  return peak([x], [dy]);
}

test('recomputation behind gates keeps one layer; without gates all of them', (t) => {
  // Ten kept maps, the gradient that comes and the one that goes.
  t.is(tenLayers(false), 12);
  t.is(tenLayers(true), 3);
});

test('variables, constants and inputs are not allocated by the run', (t) => {
  const { add, peak } = sketch();
  const handle = add('VarHandleOp', [], [], []);
  const [x, weight] = [add('Placeholder'), add('ReadVariableOp', [handle])];
  const sum = add('Add', [x, weight]);
  // Neither the input nor the variable may be overwritten.
  t.is(peak([x], [sum]), 1);
});

test('parts of a training step: kept maps, gradients, the rest', (t) => {
  const { add, operations, setPhase } = sketch();
  const handle = add('VarHandleOp', [], [], []);
  const weight = add('ReadVariableOp', [handle]);
  const x = add('Placeholder');
  const map = add('MatMul', [x, weight]);
  const loss = add('L2Loss', [map], [], []);
  setPhase('backward');
  const dy = add('MatMul', [loss, map]);
  const gradient = add('MatMul', [map, dy]);
  setPhase('update');
  const target = add('ResourceApplyMomentum', [handle, gradient]);
  operations[target].outputs = [];
  const prediction = predictMemory({
    operations,
    feeds: [x],
    fetches: [],
    targets: [target],
    gradients: [{ handle, operation: gradient, output: 0 }],
    standing: { ...emptyParts(), parameters: MAP_BYTES, inputs: MAP_BYTES },
  });
  // While the gradient is made: the kept map, dy and the gradient beside weight and input.
  const maps = (count: number) => count * MAP_BYTES;
  t.is(prediction.peakBytes, maps(5));
  t.deepEqual(prediction.parts, {
    ...emptyParts(),
    parameters: maps(1),
    inputs: maps(1),
    activations: maps(1),
    gradients: maps(1),
    workspace: maps(1),
  });
});

test('operations that wait for each other are an error', (t) => {
  const { add, operations, peak } = sketch();
  const a = add('Conv2D', []);
  const b = add('Conv2D', [a]);
  operations[a].controls.push(b);
  t.throws(() => peak([], [b]), { message: /2 operations wait for each other/ });
});

test('on a GPU cuDNN has both maps of the largest convolution in a wider form, up to its limit; products of one point have none', (t) => {
  const { operations, add } = sketch();
  const x = add('Placeholder', [], [], [2, 10, 10, 4]);
  const kernel = add('Placeholder', [], [], [3, 3, 4, 8]);
  const point = add('Placeholder', [], [], [1, 1, 8, 100]);
  const y = add('Conv2D', [x, kernel], [], [2, 10, 10, 8]);
  const z = add('Conv2D', [y, point], [], [2, 10, 10, 100]);
  const fetches = [{ operation: z, output: 0 }];
  const run = { operations, feeds: [x, kernel, point], fetches, targets: [], gradients: [], standing: emptyParts() };
  const [onCpu, onGpu] = [predictMemory(run), predictMemory({ ...run, onGpu: true })];
  const maps = 4 * 200 * (4 + 8);
  t.is(onGpu.peakBytes - onCpu.peakBytes, 2.25 * maps);
  t.is(onGpu.parts.workspace - onCpu.parts.workspace, 2.25 * maps);
  const graph = reachedGraph(run);
  t.is(cudnnWorkspace(graph, {}), 2.25 * maps);
  t.is(cudnnWorkspace(graph, { TF_CUDNN_WORKSPACE_LIMIT_IN_MB: '0.01' }), Math.min(2.25 * maps, 0.01 * 2 ** 20));
});

test('gradients of a convolution read and write the same maps', (t) => {
  for (const [type, inputs, output] of [
    ['Conv2DBackpropInput', [[4], [3, 3, 4, 8], [2, 10, 10, 8]], [2, 10, 10, 4]],
    ['Conv2DBackpropFilter', [[2, 10, 10, 4], [4], [2, 10, 10, 8]], [3, 3, 4, 8]],
  ] as const) {
    const { operations, add } = sketch();
    const feeds = inputs.map((shape) => add('Placeholder', [], [], [...shape]));
    const result = add(type, feeds, [], [...output]);
    const graph = reachedGraph({ operations, feeds, fetches: [{ operation: result, output: 0 }], targets: [] });
    t.is(cudnnWorkspace(graph, {}), 2.25 * 4 * 200 * (4 + 8), type);
  }
});
