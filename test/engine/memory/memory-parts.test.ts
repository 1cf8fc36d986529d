import test from 'ava';
import type { OperationRecord, Phase } from '../../../src/engine/graph/operation-record.js';
import { accountMemory, emptyParts } from '../../../src/engine/memory/memory-parts.js';
import type { NodeRun } from '../../../src/engine/memory/run-metadata.js';

const operation = (index: number, phase: Phase, type: string, ...inputs: number[]): OperationRecord => ({
  index,
  type,
  phase,
  name: `${phase}/${type}_${index}`,
  controls: [],
  outputs: [],
  attributes: [],
  inputs: inputs.map((operation) => ({ operation, output: 0 })),
});

/** A step: y = f(x, w), its gradient through an op in place and a reshape, a statistic that is assigned. */
const operations = [
  operation(0, 'input', 'VarHandleOp'),
  operation(1, 'input', 'VarHandleOp'),
  operation(2, 'input', 'Placeholder'),
  operation(3, 'input', 'ReadVariableOp', 0),
  operation(4, 'forward', 'Conv2D', 2, 3),
  operation(5, 'forward', 'Relu', 4),
  operation(6, 'backward', 'Mul', 3),
  operation(7, 'backward', 'ReluGrad', 6, 5),
  operation(8, 'backward', 'Neg', 7),
  operation(9, 'backward', 'Reshape', 8),
  operation(10, 'update', 'Mean', 5),
  operation(11, 'update', 'AssignVariableOp', 1, 10),
  operation(12, 'update', 'ResourceApplyGradientDescent', 0, 9),
];

type Lives = [bytes: number, from: number, to: number][];

/** A node that starts at its first allocation; its output lies at `address`. */
function node(index: number, start: number, end: number, lives: Lives, address: number, bytes = lives[0]?.[0] ?? 0) {
  const { name, type } = operations[index];
  const allocations = lives.map(([size, from, to]) => ({ bytes: size, from, to }));
  return { name, op: type, start, end, ms: 0, allocations, outputs: [{ slot: 0, bytes, address: BigInt(address) }] };
}

const FOREVER = Number.POSITIVE_INFINITY;
const run: NodeRun[] = [
  // Runs at once, though it belongs to the backward pass: it needs no activation.
  node(6, 1, 2, [[8, 1, 32]], 100),
  // The convolution's scratch is gone before the backward pass; its output is handed on to the rectifier, and kept.
  node(
    4,
    10,
    14,
    [
      [1000, 10, 33],
      [300, 11, 14],
    ],
    200,
  ),
  node(5, 15, 16, [], 200, 1000),
  node(10, 16, 17, [[40, 16, FOREVER]], 300),
  node(11, 18, 19, [], 300, 40),
  // Address 100 is free again when the gradient is computed; the negation works in place, the reshape was taken out.
  {
    ...node(
      7,
      30,
      35,
      [
        [500, 31, 50],
        [60, 31, 34],
      ],
      100,
    ),
  },
  node(8, 36, 37, [], 100, 500),
  node(12, 38, 40, [[70, 39, FOREVER]], 400),
];

const step = (gradient: number) => ({
  operations,
  gradients: [{ handle: 0, operation: gradient, output: 0 }],
  standing: { ...emptyParts(), parameters: 70, buffers: 40, inputs: 9 },
});

test('every byte at the peak has a part', (t) => {
  const { peakBytes, parts, keptBytes } = accountMemory(structuredClone(run), step(9));
  // At 31: map 1000, gradient 500, its scratch 60, the early product 8, and what stands.
  t.deepEqual(parts, {
    parameters: 70,
    buffers: 40,
    optimizer: 0,
    inputs: 9,
    gradients: 500,
    activations: 1000,
    workspace: 68,
  });
  t.is(peakBytes, 1687);
  t.is(keptBytes, 1000);
});

test('what a variable takes over is counted with the variable', (t) => {
  const early = structuredClone(run).filter(({ start }) => start < 20);
  early.push(node(6, 20, 21, [[2000, 20, 21]], 500));
  // The mean (40) became the statistic at 19: of the run's own, map and early product live beside the late 2000.
  t.is(accountMemory(early, step(9)).peakBytes, 70 + 40 + 9 + 1000 + 8 + 2000);
});

test('a buffer handed on within a microsecond is not counted twice, and constants stay', (t) => {
  const handed: NodeRun[] = [
    node(4, 1, 3, [[100, 1, 3]], 1),
    node(5, 3, 5, [[90, 3, 5]], 2),
    {
      ...node(5, 3, 3, [[50, 3, 3]], 3),
      name: 'forward/Const_99',
      op: 'Const',
      outputs: [{ slot: 0, bytes: 6, address: 7n }],
    },
    { ...node(5, 4, 4, [], 3), name: 'forward/Const_98', op: 'Const', outputs: [{ slot: 0, bytes: 6, address: 7n }] },
  ];
  const { peakBytes, parts, keptBytes } = accountMemory(handed, { ...step(9), gradients: [], standing: emptyParts() });
  t.is(peakBytes, 106);
  t.deepEqual([parts.buffers, parts.workspace, parts.activations, keptBytes], [6, 100, 0, 0]);
});
