import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { TensorFlowError } from '../../../src/engine/graph/c-api.js';
import { availableMemory } from '../../../src/engine/memory/available.js';
import { emptyParts } from '../../../src/engine/memory/memory-parts.js';
import { OutOfMemoryError, outOfMemory } from '../../../src/engine/memory/out-of-memory.js';

const peak = {
  peakBytes: 3 * 2 ** 30,
  parts: { ...emptyParts(), activations: 2 * 2 ** 30, parameters: 2 ** 30 },
  keptBytes: 0,
};
const detail = 'OOM when allocating tensor with shape[64,200,80,32] and type float on /device:CPU:0 by allocator bfc';

test('an out-of-memory error names the tensor, the parts and the switches', (t) => {
  const error = outOfMemory(new TensorFlowError('pretrain', 8, detail), 'pretrain', () => peak)!;
  t.true(error instanceof OutOfMemoryError);
  t.is(error.exitCode, 2);
  t.regex(error.message, /^'pretrain' ran out of memory allocating a float tensor of shape \[64,200,80,32\]\./);
  t.regex(error.message, /3\.00 GiB at its peak: kept activations 2\.00 GiB, parameters 1\.00 GiB\./);
  t.regex(error.message, /batchSize.*stateBits.*checkpointing.*frev.*voxloop plan/);
});

test('a prediction that fails does not hide the error; other errors stay what they are', (t) => {
  const failing = () => {
    throw new Error('no trace');
  };
  const error = outOfMemory(new TensorFlowError('f', 8, 'Out of memory'), 'f', failing)!;
  t.regex(error.message, /^'f' ran out of memory allocating a tensor\..*no trace/);
  t.is(
    outOfMemory(new TensorFlowError('f', 3, detail), 'f', () => peak),
    undefined,
  );
  t.is(
    outOfMemory(new Error(detail), 'f', () => peak),
    undefined,
  );
});

test("memory is a GPU's, TensorFlow's limit, or the machine's", (t) => {
  const cpu = { name: 'CPU:0', type: 'CPU', memoryBytes: 2 ** 28 };
  const gpu = { name: 'GPU:0', type: 'GPU', memoryBytes: 2 ** 33 };
  const limited = { TF_CPU_ALLOCATOR_USE_BFC: 'true', TF_CPU_BFC_MEM_LIMIT_IN_MB: '100' };
  t.is(availableMemory([cpu, gpu], limited).bytes, 2 ** 33);
  t.is(availableMemory([cpu], limited).bytes, 100 * 2 ** 20);
  // Without the allocator the limit means nothing.
  const free = availableMemory([cpu], { TF_CPU_BFC_MEM_LIMIT_IN_MB: '100' });
  t.regex(free.source, /free memory/);
  t.true(free.bytes > 2 ** 28);
});

test("under TensorFlow's hard limit a run that is too large ends in that error, one that fits does not", async (t) => {
  const program = fileURLToPath(new URL('../../helpers/networks/reversed-maps.js', import.meta.url));
  const limited = { ...process.env, TF_CPU_ALLOCATOR_USE_BFC: 'true', TF_CPU_BFC_MEM_LIMIT_IN_MB: '100' };
  const outcome = async (maps: number) =>
    (await promisify(execFile)(process.execPath, [program, String(maps)], { env: limited })).stdout;
  t.is(await outcome(2), 'done');
  // Eight maps of 16 MiB and the input.
  const failed = await outcome(8);
  t.regex(failed, /^OutOfMemoryError 2 'maps' ran out of memory allocating a float tensor of shape \[2048,2048\]/);
  t.regex(failed, /about 144\.0 MiB at its peak: workspace 128\.0 MiB, inputs 16\.0 MiB/);
});
