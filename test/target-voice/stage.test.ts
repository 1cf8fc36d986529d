import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { loadMono16k } from '../../src/audio/decode/decode.js';
import { UserError } from '../../src/errors.js';
import { writeWav16 } from '../../src/io/wav-write.js';
import { extractTargetResult } from '../../src/stages/extract-target/options.js';
import { EXTRACTOR_FILE } from '../../src/target-voice/extractor-file.js';
import { extractTarget } from '../../src/tools/extract-target.js';
import { writeTinyCorpus } from '../helpers/corpora/tiny-corpus.js';
import { voice } from '../helpers/corpora/voices.js';
import { writeTinyModel } from '../helpers/networks/tiny-model.js';
import { artifactAt, newRegistry, runStage } from '../helpers/recipes/run-stage.js';
import { runMain } from '../helpers/run-main.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const registry = newRegistry();
const options = {
  corpus: 'corpus',
  model: 'model',
  width: 8,
  blocks: 2,
  cropSeconds: 0.5,
  batchSize: 4,
  steps: 4,
  mixtures: 3,
  checkpointSeconds: 0.001,
  rate: { peak: 0.003 },
};

/** A corpus of tiny voices, and a tiny model. */
async function prepared(t: ExecutionContext, train = 4) {
  const dir = temporaryFolder(t);
  const path = join(dir, 'tiny');
  writeTinyCorpus(path, { train, test: 3, each: 3, seconds: 0.8 });
  const corpusOptions = { source: 'ready', path };
  const made = { registry, stage: 'corpus', dir: join(dir, 'corpus'), artifacts: {}, options: corpusOptions };
  const corpus = await runStage(made);
  const model = join(dir, 'model', 'models', 'network');
  await writeTinyModel(model);
  const artifacts = { corpus, model: artifactAt(join(dir, 'model'), 'pretrain', { networks: ['network'] }) };
  return { dir, model, attempt: { registry, stage: 'extract-target', options, artifacts } };
}

test('a stage trains an extractor and measures it; stopped and resumed it gives the same bytes, and a file is extracted', async (t) => {
  const { dir, model, attempt } = await prepared(t);
  const [whole, parts] = [join(dir, 'whole'), join(dir, 'parts')];
  const { result } = await runStage({ ...attempt, dir: whole });
  const { measured, steps } = extractTargetResult.parse(result);
  t.is(steps, 4);
  t.like(measured, { mixtures: 3, oracle: { improved: 1 } });
  t.true(measured!.oracle.meanDb > measured!.target.meanDb);
  t.not(measured!.wrong, null);
  await t.throwsAsync(runStage({ ...attempt, dir: parts, stopAt: 2 }), { message: 'stopped' });
  const again = await runStage({ ...attempt, dir: parts, resume: true });
  t.deepEqual(readFileSync(join(parts, EXTRACTOR_FILE)), readFileSync(join(whole, EXTRACTOR_FILE)));
  t.deepEqual(again.result, result);

  const [mixture, enrolment, out] = ['mixture.wav', 'enrolment.wav', 'out.wav'].map((name) => join(dir, name));
  writeWav16(mixture, voice(0, 16000), 16000);
  writeWav16(enrolment, voice(4, 16000), 16000);
  const request = { mixture, enroll: [enrolment], extractor: whole, model };
  const { samples } = await extractTarget(request);
  t.is(samples.length, 16000);
  const command = ['extract-target', mixture, '--enroll', enrolment, '--extractor', whole, '--model', model];
  const { code, stdout, stderr } = await runMain(command.concat('--out', out, '--json'));
  t.is(code, 0, stderr);
  t.like(JSON.parse(stdout), { mixture, enroll: [enrolment], out, seconds: 1 });
  const written = await loadMono16k(out);
  t.true(written.every((value, i) => Math.abs(value - samples[i]) <= 1 / 32768));

  const refused = (chosen: object) =>
    t.throwsAsync(extractTarget({ ...request, ...chosen }), { instanceOf: UserError });
  const silent = join(dir, 'silent.wav');
  writeWav16(silent, new Float32Array(16000), 16000);
  t.regex((await refused({ enroll: [silent] }))!.message, /silent\.wav holds only silence/);
  const short = join(dir, 'short.wav');
  writeWav16(short, voice(0, 400), 16000);
  t.regex((await refused({ mixture: short }))!.message, /lasts 25\.0 ms, and a mask needs one window of 32 ms/);
  t.regex(
    (await refused({ model: undefined }))!.message,
    /belongs to the model 'tiny 3 .*name that model with --model/,
  );
  writeFileSync(join(dir, 'x.txt'), '');
  t.regex((await refused({ extractor: dir }))!.message, /is not there\. A stage `extract-target`/);
});

test('a corpus without enough speakers is refused before anything is embedded', async (t) => {
  const { dir, attempt } = await prepared(t, 1);
  const at = join(dir, 'stage');
  await t.throwsAsync(runStage({ ...attempt, dir: at }), {
    instanceOf: UserError,
    message: /Mixtures are made of two speakers/,
  });
  t.false(existsSync(join(at, 'train-enrolments.npy')));
  const labelled = { ...attempt, options: { ...options, list: 'clear' } };
  await t.throwsAsync(runStage({ ...labelled, dir: at }), { instanceOf: UserError });
});
