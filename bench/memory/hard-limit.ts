/**
 * Tests which networks train within the memory of one small GPU: TensorFlow's allocator is given a hard limit of 11,264 MB (an 11 GB card),
 * beyond which it fails, and each network does training steps of batch 64 and 200 frames with Adam. Some 20 minutes on 2 cores.
 *
 *   node dist/bench/memory/hard-limit.js [--networks frev-resnet293,resnet293,...] [--batch 64] [--limit 11264]
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    networks: { type: 'string', default: 'frev-resnet293,frev-df-resnet233,resnet293,df-resnet233' },
    batch: { type: 'string', default: '64' },
    limit: { type: 'string', default: '11264' },
  },
});
const cli = fileURLToPath(new URL('../../../bin/voxloop.mjs', import.meta.url));
const env = { ...process.env, TF_CPU_ALLOCATOR_USE_BFC: 'true', TF_CPU_BFC_MEM_LIMIT_IN_MB: values.limit };

for (const network of values.networks.split(',')) {
  // Reversible networks have their states in 8 bit; a warm-up, a timed and a traced step are run.
  const bits = network.startsWith('frev-') ? '8' : '32';
  const step = ['bench', 'step', '--backbone', network, '--batch', values.batch, '--frames', '200', '--seconds', '1'];
  const options = ['--optimizer', 'adam', '--state-bits', bits, '--device', 'cpu'];
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...step, ...options], { env, encoding: 'utf8' });
  console.log(
    `${network}, ${bits}-bit states: ${status === 0 ? stdout.trim() : `exit code ${status}: ${stderr.trim()}`}`,
  );
}
