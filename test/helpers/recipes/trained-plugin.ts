import { execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import { writeTinyCorpus } from '../corpora/tiny-corpus.js';

const run = promisify(execFile);

/** The method that the README shows. */
function readmeMethod(): string {
  const readme = readFileSync(new URL('../../../../README.md', import.meta.url), 'utf8');
  return readme.match(/```ts\n([\s\S]*?)```/)![1];
}

const recipe = `
name: own
device: cpu
stages:
  - {stage: corpus, source: ready, path: corpus}
  - stage: pretrain
    corpus: corpus
    method: alignment
    backbone: {name: tdnn, width: 8, embeddingSize: 8}
    globalSeconds: 0.5
    batchSize: 8
    steps: 60
    rate: {peak: 0.003}
    checkpointSeconds: 0.001
  - {stage: embed, corpus: corpus, model: pretrain}
`;

/**
 * In the folder where the package is installed: writes the README's SSL method and a recipe, trains, stops it with SIGINT, resumes
 * it, and embeds with the result.
 */
export async function trainPlugin(t: ExecutionContext, home: string): Promise<void> {
  const method = readmeMethod();
  t.true(method.split('\n').length <= 60);
  writeFileSync(join(home, 'alignment.ts'), method);
  writeFileSync(join(home, 'own.yaml'), recipe);
  writeTinyCorpus(join(home, 'corpus'));
  const bin = join(home, 'node_modules', 'voxloop', 'bin', 'voxloop.mjs');
  const args = [bin, 'run', 'own.yaml', '--out', 'out', '--plugin', './alignment.ts'];

  const checkpoint = join(home, 'out', 'stages', 'pretrain', 'checkpoint.safetensors');
  const child = spawn(process.execPath, args, { cwd: home, stdio: 'ignore' });
  const code = new Promise((resolve) => child.on('close', resolve));
  while (!existsSync(checkpoint) && child.exitCode === null) await sleep(5);
  child.kill('SIGINT');
  t.is(await code, 130);

  const { stderr } = await run(process.execPath, args, { cwd: home });
  t.regex(stderr, /resumed at step [1-9]/);
  const model = join('out', 'stages', 'embed', 'model');
  const wav = join('corpus', 'wav', 'voice0', 'voice0-0.wav');
  const embed = [bin, 'embed', '--model', model, wav, wav, '--out', 'x.npy', '--json', '--plugin', './alignment.ts'];
  const { stdout } = await run(process.execPath, embed, { cwd: home });
  t.deepEqual(JSON.parse(stdout), { files: 2, rows: 2, size: 8, seconds: 2.4, skipped: [] });
}
