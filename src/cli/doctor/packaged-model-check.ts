import { packagedModel } from '../../embed/packaged-model.js';
import { messageOf } from '../../errors.js';
import { readCalibration } from '../../speakers/calibration.js';
import { describeModel } from '../../tools/describe-model.js';
import type { Missing } from './doctor-checks.js';

/**
 * The model that comes with voxloop, where it is missing or damaged. Its calibration names the weights that it was measured with: it tells of
 * any change in them.
 */
export function checkPackagedModel(path: () => string = packagedModel): Missing[] {
  try {
    const model = describeModel(path());
    if (readCalibration(model.dir, model.identity())) return [];
    return [faultOf(`${model.dir} holds no calibration.json`)];
  } catch (error) {
    return [faultOf(messageOf(error))];
  }
}

const faultOf = (why: string): Missing => ({
  what: 'model that comes with voxloop',
  why: `commands without --model need it: ${why}`,
  fix: 'npm install voxloop@latest, or name a model of your own with --model',
  required: true,
});
