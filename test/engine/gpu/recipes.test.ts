import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { loadConfig } from '../../../src/pipeline/config/config.js';
import { sketchStages } from '../../../src/pipeline/memory/sketches.js';
import { withGpuTracing } from '../../helpers/gpu/run-places.js';
import { staysOnGpu } from '../../helpers/gpu/stays-on-gpu.js';
import { newRegistry } from '../../helpers/recipes/run-stage.js';

const SMALL = fileURLToPath(new URL('../../../../configs/small', import.meta.url));
/** These train nothing on the way of `voxloop plan`. */
const UNSKETCHED = ['extract-target.yaml', 'ivector.yaml', 'probe.yaml'];
const BATCH = 8;

const registry = newRegistry();
const recipes = readdirSync(SMALL).filter((file) => /^[a-z].*\.yaml$/.test(file) && !UNSKETCHED.includes(file));

for (const file of recipes)
  test(`every training of ${basename(file, '.yaml')} stays on a GPU`, async (t) => {
    const config = await loadConfig({ file: join(SMALL, file), registry });
    for (const { as, sketch } of await sketchStages(config, registry)) {
      t.log(as);
      await withGpuTracing(async (session) =>
        staysOnGpu(t, session, await sketch.build(session, { ...sketch, batchSize: BATCH * sketch.accumulate })),
      );
    }
  });
