import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { findRuntime, loadRuntime } from '../../../src/embed/onnx/runtime.js';
import { UserError } from '../../../src/errors.js';
import { installStandIn } from '../../helpers/networks/stand-in-runtime.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

test('onnxruntime-node is found in a project; what is missing, old or broken is told with what to do', (t) => {
  const dir = temporaryFolder(t);
  const find = (project: string) => findRuntime([join(dir, project, 'deep/in/it/package.json')]);
  const refused = (project: string, message: RegExp) =>
    t.throws(() => loadRuntime(find(project)), { instanceOf: UserError, message });
  t.is(find('empty'), null);
  refused('empty', /not installed\. .* run: npm install onnxruntime-node --ignore-scripts$/);
  installStandIn(join(dir, 'good'));
  t.deepEqual(find('good'), { dir: join(dir, 'good/node_modules/onnxruntime-node'), version: '1.30.0' });
  t.is(typeof loadRuntime(find('good')).InferenceSession.create, 'function');
  installStandIn(join(dir, 'old'), '1.9.2');
  refused('old', /onnxruntime-node 1\.9\.2 in .* is older than 1\.16\.0; run: npm install onnxruntime-node@latest/);
  installStandIn(join(dir, 'broken'), '1.31.0');
  writeFileSync(join(dir, 'broken/node_modules/onnxruntime-node/index.js'), "require('../bin/no-such-machine.node')");
  refused('broken', /onnxruntime-node 1\.31\.0 in .* cannot be loaded on .*: Cannot find module .*another version/);
});
