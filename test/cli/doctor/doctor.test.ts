import test from 'ava';
import { Command } from 'commander';
import { register } from '../../../src/cli/doctor/doctor.js';
import { type Diagnosis, diagnose } from '../../../src/cli/doctor/doctor-diagnosis.js';

// The variable decides before anything on this machine does.
process.env.VOXLOOP_TENSORFLOW = '/no/such/folder';

test('a missing library is required, with the command that mends it', async (t) => {
  for (const asked of ['auto', 'gpu'] as const) {
    const diagnosis: Diagnosis = await diagnose(asked);
    t.false(diagnosis.ok);
    t.is(diagnosis.tensorflow, null);
    t.is(diagnosis.device.asked, asked);
    t.is(diagnosis.device.used, null);
    t.regex(diagnosis.voxloop, /^\d+\.\d+\.\d+/);
    t.true(diagnosis.cores >= 1 && diagnosis.memory.totalBytes > diagnosis.memory.freeBytes);
    const library = diagnosis.missing.find(({ what }) => what === 'TensorFlow library');
    t.true(asked === 'gpu' || library?.required);
    t.is(
      diagnosis.onnxruntime === null,
      diagnosis.missing.some(({ what }) => what === 'package onnxruntime-node'),
    );
    t.true(library === undefined || /\/no\/such\/folder/.test(library.why));
    t.true(library === undefined || /unset VOXLOOP_TENSORFLOW/.test(library.fix));
  }
});

test('an unknown device is refused, and the known ones are named', async (t) => {
  const program = new Command().exitOverride();
  register(program);
  const parsed = program.parseAsync(['doctor', '--device', 'tpu'], { from: 'user' });
  await t.throwsAsync(parsed, {
    code: 'commander.invalidArgument',
    message: /argument 'tpu' is invalid\. Allowed choices are auto, cpu, gpu/,
  });
});
