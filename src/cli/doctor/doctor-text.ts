import type { Missing } from './doctor-checks.js';
import type { Diagnosis } from './doctor-diagnosis.js';

/** The diagnosis as text: one fact per line, then the missing parts. */
export function diagnosisText(diagnosis: Diagnosis): string {
  const { tensorflow, onnxruntime, device, memory, cache, missing } = diagnosis;
  const kind = tensorflow?.gpu ? 'built for CUDA' : 'CPU';
  const facts: [string, string][] = [
    ['voxloop', diagnosis.voxloop],
    ['node', diagnosis.node],
    ['platform', diagnosis.platform],
    [
      'tensorflow',
      tensorflow ? `${tensorflow.version ?? 'version unknown'}, ${kind}, from ${SOURCES[tensorflow.source]}` : 'none',
    ],
    ...(tensorflow ? [['', tensorflow.dir] as [string, string]] : []),
    ['onnxruntime', onnxruntime?.version ?? 'none'],
    ...(onnxruntime ? [['', onnxruntime.dir] as [string, string]] : []),
    ['device', `${device.used ?? 'unknown'}${device.asked === 'auto' ? '' : ` (asked for ${device.asked})`}`],
    ...device.devices.map(deviceFact),
    ['bfloat16', device.bfloat16 === null ? 'unknown' : device.bfloat16 ? 'pays on this device' : 'does not pay here'],
    ['cores', String(diagnosis.cores)],
    ['memory', `${gibibytes(memory.totalBytes)}, ${gibibytes(memory.freeBytes)} free`],
    ['cache', cache.dir],
    ['', cache.freeBytes === null ? 'free space unknown' : `${gibibytes(cache.freeBytes)} free`],
  ];
  const lines = facts.map(([name, value]) => `${name.padEnd(11)} ${value}`);
  return `${[...lines, '', ...missingLines(missing)].join('\n')}\n`;
}

const SOURCES = {
  environment: 'VOXLOOP_TENSORFLOW',
  cache: 'the cache',
  'tfjs-node-gpu': '@tensorflow/tfjs-node-gpu',
} as const;

function deviceFact({ name, type, memoryBytes }: Diagnosis['device']['devices'][number]): [string, string] {
  // TensorFlow reports an invented memory size for CPUs.
  return ['', `${name} (${type}${type === 'CPU' ? '' : `, ${gibibytes(memoryBytes)}`})`];
}

function missingLines(missing: Missing[]): string[] {
  if (missing.length === 0) return ['Nothing is missing.'];
  const sorted = [...missing].sort((a, b) => Number(b.required) - Number(a.required));
  return sorted.map(({ what, why, fix, required }) => {
    return `${required ? 'MISSING ' : 'optional'}  ${what}: ${why}\n            ${fix}`;
  });
}

const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
