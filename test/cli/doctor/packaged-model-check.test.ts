import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { checkPackagedModel } from '../../../src/cli/doctor/packaged-model-check.js';
import { packagedModel } from '../../../src/embed/packaged-model.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

const faults: Record<string, [damage: (dir: string) => void, why: RegExp]> = {
  'no weights': [(dir) => rmSync(join(dir, 'model.safetensors')), /holds no model/],
  'weights that end early': [(dir) => truncateSync(join(dir, 'model.safetensors'), 1_000_000), /model\.safetensors/],
  'one bit changed': [flipBit, /calibration\.json/],
  'no calibration': [(dir) => rmSync(join(dir, 'calibration.json')), /holds no calibration\.json/],
};

function flipBit(dir: string): void {
  const bytes = readFileSync(join(dir, 'model.safetensors'));
  bytes[bytes.length - 1000] ^= 1;
  writeFileSync(join(dir, 'model.safetensors'), bytes);
}

const copyOf = (t: ExecutionContext): string => {
  const dir = join(temporaryFolder(t), 'default');
  cpSync(packagedModel(), dir, { recursive: true });
  return dir;
};

test('the model that comes with voxloop is whole', (t) => {
  t.deepEqual(checkPackagedModel(), []);
});

for (const [what, [damage, why]] of Object.entries(faults)) {
  test(`doctor reports a packaged model with ${what}`, (t) => {
    const dir = copyOf(t);
    damage(dir);
    const [fault] = checkPackagedModel(() => dir);
    t.like(fault, { what: 'model that comes with voxloop', required: true });
    t.regex(fault.why, why);
  });
}
