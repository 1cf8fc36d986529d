import test from 'ava';
import { parseRunMetadata, timeByOp } from '../../../src/engine/memory/run-metadata.js';
import { intField, messageField, stringField } from '../../../src/io/protobuf/fields.js';

// Field numbers of NodeExecStats, AllocatorMemoryUsed, AllocationRecord, NodeOutput and AllocationDescription.
const record = (atMicros: number, bytes: number) => messageField(6, [...intField(1, atMicros), ...intField(2, bytes)]);
const memory = (allocator: string, ...records: number[][]) =>
  messageField(6, [...stringField(1, allocator), ...records.flat()]);
const output = (slot: number, bytes: number, address: bigint) => {
  const allocation = [...intField(1, bytes - 1), ...intField(2, bytes), ...intField(6, address)];
  return messageField(7, [...intField(1, slot), ...messageField(3, messageField(4, allocation))]);
};
const node = (label: string, startMicros: number, nanos: [number, number, number], ...fields: number[][]) =>
  messageField(2, [
    ...stringField(1, label.split(' ')[0]),
    ...intField(2, startMicros),
    ...stringField(8, label),
    ...nanos.flatMap((value, i) => intField(14 + i, value)),
    ...fields.flat(),
  ]);
const device = (name: string, ...nodes: number[][]) => messageField(1, [...stringField(1, name), ...nodes.flat()]);
const parse = (...devices: number[][]) => parseRunMetadata(Uint8Array.from(messageField(1, devices.flat())));

test('nodes come with their times, allocations and outputs, in order of their starts', (t) => {
  const address = 0xffff_ffff_ffff_ff00n;
  const nodes = parse(
    device(
      '/device:CPU:0',
      node('b = Relu(a)', 20, [0, 1e6, 2e6]),
      node(
        'a = Conv2D(x, y)',
        10,
        [500_000, 2e6, 2_004_000],
        memory('cpu', record(11, 64), record(12, 64), record(13, 8), record(15, -64), record(19, -8)),
        output(0, 64, address),
      ),
    ),
  );
  t.deepEqual(nodes, [
    {
      name: 'a',
      op: 'Conv2D',
      start: 10,
      end: 2014,
      ms: 1.5,
      allocations: [
        { bytes: 64, from: 11, to: 15 },
        { bytes: 64, from: 12, to: Number.POSITIVE_INFINITY },
        { bytes: 8, from: 13, to: 19 },
      ],
      outputs: [{ slot: 0, bytes: 64, address }],
    },
    { name: 'b', op: 'Relu', start: 20, end: 2020, ms: 1, allocations: [], outputs: [] },
  ]);
  t.deepEqual(timeByOp([...nodes, { ...nodes[1], ms: 2 }]), [
    { op: 'Relu', ms: 3, count: 2 },
    { op: 'Conv2D', ms: 1.5, count: 1 },
  ]);
});

test("where a GPU takes part its own memory counts, and its streams' rows do not", (t) => {
  const nodes = parse(
    device('/device:CPU:0', node('a = Const()', 1, [0, 1, 1], memory('cpu', record(1, 7)))),
    device(
      '/device:GPU:0',
      node('b = Conv2D(a)', 2, [0, 1, 1], memory('gpu_host_bfc', record(2, 5)), memory('GPU_0_bfc', record(2, 256))),
    ),
    device('/device:GPU:0/stream:all', node('b = Conv2D(a)', 2, [0, 9e6, 9e6], memory('GPU_0_bfc', record(2, 1e6)))),
  );
  t.deepEqual(
    nodes.map(({ name, allocations }) => [name, allocations.map(({ bytes }) => bytes)]),
    [
      ['a', []],
      ['b', [256]],
    ],
  );
});
