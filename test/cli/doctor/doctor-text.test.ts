import test from 'ava';
import type { Diagnosis } from '../../../src/cli/doctor/doctor-diagnosis.js';
import { diagnosisText } from '../../../src/cli/doctor/doctor-text.js';

const DIAGNOSIS: Diagnosis = {
  ok: true,
  voxloop: '1.2.3',
  node: '20.19.0',
  platform: 'linux-x64',
  tensorflow: { version: '2.21.0', source: 'cache', dir: '/cache/tensorflow', gpu: true },
  device: {
    asked: 'auto',
    used: 'GPU:0',
    devices: [{ name: '/device:GPU:0', type: 'GPU', memoryBytes: 8 * 2 ** 30 }],
    bfloat16: true,
  },
  onnxruntime: { version: '1.30.0', dir: '/app/node_modules/onnxruntime-node' },
  cores: 4,
  memory: { totalBytes: 16 * 2 ** 30, freeBytes: 2 ** 30 },
  cache: { dir: '/cache', freeBytes: 3 * 2 ** 30 },
  missing: [],
};

test('tells everything, one fact a line', (t) => {
  t.deepEqual(diagnosisText(DIAGNOSIS).split('\n'), [
    'voxloop     1.2.3',
    'node        20.19.0',
    'platform    linux-x64',
    'tensorflow  2.21.0, built for CUDA, from the cache',
    '            /cache/tensorflow',
    'onnxruntime 1.30.0',
    '            /app/node_modules/onnxruntime-node',
    'device      GPU:0',
    '            /device:GPU:0 (GPU, 8.0 GiB)',
    'bfloat16    pays on this device',
    'cores       4',
    'memory      16.0 GiB, 1.0 GiB free',
    'cache       /cache',
    '            3.0 GiB free',
    '',
    'Nothing is missing.',
    '',
  ]);
});

test('what is required comes before what is optional, each with its mending', (t) => {
  const missing = [
    { what: 'ffmpeg', why: 'converts', fix: 'apt-get install ffmpeg', required: false },
    { what: 'TensorFlow library', why: 'not installed', fix: 'npx voxloop setup', required: true },
  ];
  const device = { asked: 'gpu' as const, used: null, devices: [], bfloat16: null };
  const cache = { dir: '/cache', freeBytes: null };
  const lines = diagnosisText({
    ...DIAGNOSIS,
    ok: false,
    tensorflow: null,
    onnxruntime: null,
    device,
    cache,
    missing,
  }).split('\n');
  t.true(lines.includes('tensorflow  none'));
  t.true(lines.includes('onnxruntime none'));
  t.true(lines.includes('device      unknown (asked for gpu)'));
  t.deepEqual(lines.slice(-5), [
    'MISSING   TensorFlow library: not installed',
    '            npx voxloop setup',
    'optional  ffmpeg: converts',
    '            apt-get install ffmpeg',
    '',
  ]);
});
