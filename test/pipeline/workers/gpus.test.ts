import test from 'ava';
import { UserError } from '../../../src/errors.js';
import {
  describeGpus,
  type GpuRequest,
  gpusOfWorkers,
  sharing,
  visibleGpus,
} from '../../../src/pipeline/workers/gpus.js';

test('the GPUs are those of CUDA_VISIBLE_DEVICES, up to what ends its list; else those that the kernel shows', (t) => {
  const devices = ['null', 'nvidia10', 'nvidiactl', 'nvidia2', 'nvidia0', 'nvidia-uvm'];
  t.deepEqual(visibleGpus({}, devices), { names: ['0', '2', '10'], chosen: false });
  t.deepEqual(visibleGpus({ CUDA_VISIBLE_DEVICES: '3, GPU-ab12' }, devices), {
    names: ['3', 'GPU-ab12'],
    chosen: true,
  });
  t.deepEqual(visibleGpus({ CUDA_VISIBLE_DEVICES: '1,-1,2' }, devices).names, ['1']);
  t.deepEqual(visibleGpus({ CUDA_VISIBLE_DEVICES: '' }, devices), { names: [], chosen: true });
  t.deepEqual(visibleGpus({}, []), { names: [], chosen: false });
});

const request = (names: string[], more: Partial<GpuRequest> & { chosen?: boolean } = {}): GpuRequest => ({
  cluster: more.cluster ?? { local: [0, 1] },
  device: more.device ?? 'gpu',
  gpus: { names, chosen: more.chosen ?? false },
  usable: more.usable ?? true,
});

test('each worker of a machine has a GPU of its own', (t) => {
  t.deepEqual(gpusOfWorkers(request(['0', '1', '2'])), ['0', '1']);
  t.deepEqual(gpusOfWorkers(request(['4', 'GPU-ab'], { chosen: true })), ['4', 'GPU-ab']);
  t.is(gpusOfWorkers(request(['0', '1'], { device: 'cpu' })), undefined);
});

test('auto takes GPUs where all workers run here, there are enough, and TensorFlow can use them', (t) => {
  t.deepEqual(gpusOfWorkers(request(['0', '1'], { device: 'auto' })), ['0', '1']);
  t.is(gpusOfWorkers(request(['0'], { device: 'auto' })), undefined);
  t.is(gpusOfWorkers(request(['0', '1'], { device: 'auto', usable: false })), undefined);
  const cluster = { local: [0, 1], addresses: ['a:1', 'a:2', 'b:1', 'b:2'] };
  t.is(gpusOfWorkers(request(['0', '1'], { device: 'auto', cluster })), undefined);
});

test('of several machines, and of workers that are started one by one, each counts those of its own host', (t) => {
  const addresses = ['a:1', 'a:2', 'b:1', 'b:2'];
  t.deepEqual(gpusOfWorkers(request(['0', '1'], { cluster: { local: [2, 3], addresses } })), ['0', '1']);
  t.deepEqual(gpusOfWorkers(request(['0', '1'], { cluster: { local: [3], addresses } })), ['1']);
  // A launcher has given this worker its GPU.
  t.deepEqual(gpusOfWorkers(request(['7'], { cluster: { local: [3], addresses }, chosen: true })), ['7']);
});

test('workers go round the GPUs where there are fewer, and are told so; without any they are refused', (t) => {
  const three = { local: [0, 1, 2] };
  const gpus = gpusOfWorkers(request(['0', '5'], { cluster: three }))!;
  t.deepEqual(gpus, ['0', '5', '0']);
  t.deepEqual(
    gpus.map((gpu) => sharing(gpu, gpus)),
    [2, 1, 2],
  );
  t.regex(describeGpus(gpus), /fewer GPUs than workers: 2 on GPU 0, 1 on GPU 5; those that share one take turns/);
  t.is(describeGpus(['0', '5']), 'GPUs 0, 5');
  t.throws(() => gpusOfWorkers(request([])), { instanceOf: UserError, message: /it has none\. Set device: cpu/ });
  t.throws(() => gpusOfWorkers(request([], { chosen: true })), { message: /CUDA_VISIBLE_DEVICES leaves it none/ });
});
