import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { UserError } from '../../src/errors.js';
import { writeWav16 } from '../../src/io/wav-write.js';
import {
  calibrate,
  cosineOfFiles,
  enrollSpeakers,
  type Identification,
  identifySpeakers,
  openSpeakerModel,
  readStore,
  scoresOfCrops,
  scoresOfTrials,
  tooLittleSpeech,
  verifySpeaker,
  writeCalibration,
} from '../../src/tools.js';
import { writeTinyCorpus } from '../helpers/corpora/tiny-corpus.js';
import { writeTinyModel } from '../helpers/networks/tiny-model.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

/** The tiny corpus, and a model that knows its mean, opened. */
async function prepare(t: ExecutionContext) {
  const dir = temporaryFolder(t);
  const corpus = join(dir, 'corpus');
  writeTinyCorpus(corpus, { train: 3, test: 3, each: 4 });
  const wav = (voice: number, n: number) => join(corpus, `wav/voice${voice}/voice${voice}-${n}.wav`);
  const folder = join(dir, 'model');
  await writeTinyModel(folder, { files: [0, 1, 2, 3, 4, 5].map((voice) => wav(voice, 0)) });
  const model = await openSpeakerModel(folder, { device: 'cpu' });
  t.teardown(() => model.close());
  return { dir, corpus, wav, folder, model, store: join(dir, 'store') };
}

test.serial('a life of a store: enrol, verify, identify', async (t) => {
  const { dir, wav, model, store } = await prepare(t);
  const requests = [0, 1, 2, 3, 4, 5].map((voice) => ({
    speaker: `voice ${voice}`,
    files: [wav(voice, 0), wav(voice, 1)],
  }));
  const report = await enrollSpeakers(store, model, requests);
  t.deepEqual([report.enrolled.length, report.refused, report.skipped, report.repeated], [6, [], [], []]);
  const again = await enrollSpeakers(store, model, [{ speaker: 'voice 0', files: [wav(0, 1), wav(0, 2)] }]);
  t.deepEqual(again.repeated, [{ speaker: 'voice 0', file: wav(0, 1) }]);
  t.is(again.enrolled[0].utterances, 1);
  t.deepEqual(
    [...readStore(store).speakers.values()].map(({ utterances }) => utterances.length),
    [3, 2, 2, 2, 2, 2],
  );

  const verified = await verifySpeaker(store, model, {
    speaker: 'voice 4',
    file: wav(4, 0),
    threshold: 0.5,
    leastSpeechSeconds: 0,
  });
  t.true(verified.same && verified.score > 0.5 && verified.llr === null);
  const strict = await verifySpeaker(store, model, {
    speaker: 'voice 4',
    file: wav(0, 0),
    threshold: 0.9999,
    leastSpeechSeconds: 0,
  });
  t.false(strict.same);
  const brief = await verifySpeaker(store, model, { speaker: 'voice 4', file: wav(4, 0), threshold: 0.5 });
  t.deepEqual([brief.same, brief.shortage?.leastSeconds, brief.score], [null, 2, verified.score]);
  const undecided = await verifySpeaker(store, model, { speaker: 'voice 4', file: wav(4, 0) });
  t.deepEqual([undecided.threshold, undecided.same, undecided.score], [null, null, verified.score]);
  await t.throwsAsync(verifySpeaker(store, model, { speaker: 'voise 4', file: wav(0, 0) }), {
    instanceOf: UserError,
    message: /did you mean/,
  });

  const identified = async (options: Parameters<typeof identifySpeakers>[3]) => {
    const files = [wav(0, 0), wav(5, 1), join(dir, 'gone.wav')];
    const { results } = await identifySpeakers(store, model, files, options);
    const found: Identification[] = [];
    for await (const result of results) found.push(result);
    return found;
  };
  for (const search of ['exact', 'hnsw'] as const) {
    const [first, second, third] = await identified({ top: 2, threshold: -1, search, leastSpeechSeconds: 0 });
    t.is('matches' in first && first.speaker, 'voice 0');
    t.is('matches' in second && second.speaker, 'voice 5');
    t.is('matches' in first ? first.matches.length : 0, 2);
    t.regex('reason' in third ? third.reason : '', /gone\.wav does not exist/);
  }
  const [short] = await identified({ threshold: -1 });
  t.true('matches' in short && short.speaker === null && short.matches[0].speaker === 'voice 0');
  t.regex('matches' in short ? tooLittleSpeech(short.shortage!) : '', /^too little speech \(\d\.\d s of 2 s\)$/);
  const [nobody] = await identified({ threshold: 1 });
  t.true('matches' in nobody && nobody.speaker === null && nobody.matches.length === 5);
});

test.serial('a speaker with a recording that cannot be used is refused; the others are stored', async (t) => {
  const { dir, wav, model, store } = await prepare(t);
  const at = (name: string) => join(dir, name);
  writeWav16(at('silent.wav'), new Float32Array(16000), 16000);
  const faint = Float32Array.from({ length: 16000 }, (_, i) => (i % 2) / 32768);
  writeWav16(at('faint.wav'), faint, 16000);
  const short = Float32Array.from({ length: 6000 }, (_, i) => 0.3 * Math.sin(i / 5));
  writeWav16(at('short.wav'), short, 16000);
  writeFileSync(at('text.wav'), 'words');
  truncateSync(wav(5, 0), 3000);
  const bad = { ann: 'silent.wav', bob: 'faint.wav', cat: 'text.wav' };
  const requests = [
    ...Object.entries(bad).map(([speaker, file], i) => ({ speaker, files: [wav(i, 0), at(file)] })),
    { speaker: 'dan', files: [wav(3, 0)] },
    { speaker: ' dan ', files: [at('short.wav')] },
    { speaker: 'eve', files: [wav(5, 0)] },
  ];
  const report = await enrollSpeakers(store, model, requests);
  t.deepEqual(
    report.enrolled.map(({ speaker, utterances }) => [speaker, utterances]),
    [['dan', 2]],
  );
  t.deepEqual(
    report.refused.map(({ speaker, usable }) => `${speaker} ${usable}`),
    ['ann 1', 'bob 1', 'cat 1', 'eve 0'],
  );
  t.deepEqual([report.warnings.length, /short\.wav holds 0\.\d\d s of sound/.test(report.warnings[0])], [1, true]);
  const reasons = [/holds only silence/, /faint\.wav is silent/, /not audio/, /cut short/];
  for (const [i, { reason }] of report.skipped.entries()) t.regex(reason, reasons[i]);
  const skipping = await enrollSpeakers(store, model, requests, { skipBad: true });
  t.deepEqual(
    skipping.refused.map(({ speaker }) => speaker),
    ['eve'],
  );
  t.deepEqual([...readStore(store).speakers.keys()], ['dan', 'ann', 'bob', 'cat']);
  for (const [request, message] of [
    [{ speaker: 'zoe', files: [] }, /No recording is given to enrol 'zoe' with/],
    [{ speaker: ' ', files: [wav(0, 0)] }, /cannot be the name of a speaker/],
    [{ speaker: 'a\nb', files: [wav(0, 0)] }, /cannot be the name of a speaker/],
  ] as const) {
    await t.throwsAsync(enrollSpeakers(store, model, [request]), { instanceOf: UserError, message });
  }
});

/** One and a half seconds of a rich tone as a WAV file; the second of two channels is the first one, half as loud. */
function toneWav({ rateHz, bits, channels }: Record<'rateHz' | 'bits' | 'channels', number>): Uint8Array {
  const frames = 1.5 * rateHz;
  const bytes = bits / 8;
  const file = Buffer.alloc(44 + frames * channels * bytes);
  file.write('RIFF');
  file.writeUInt32LE(file.length - 8, 4);
  file.write('WAVEfmt ', 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(channels, 22);
  file.writeUInt32LE(rateHz, 24);
  file.writeUInt32LE(rateHz * channels * bytes, 28);
  file.writeUInt16LE(channels * bytes, 32);
  file.writeUInt16LE(bits, 34);
  file.write('data', 36);
  file.writeUInt32LE(file.length - 44, 40);
  for (let i = 0, at = 44; i < frames; i++) {
    let value = 0;
    for (let k = 1; k <= 30; k++) value += Math.sin((2 * Math.PI * 230 * k * i) / rateHz + k * k) / 40;
    for (let channel = 0; channel < channels; channel++, at += bytes) {
      const sample = value / (channel + 1);
      if (bits === 8) file.writeUInt8(Math.round(128 + 127 * sample), at);
      else file.writeInt16LE(Math.round(32767 * sample), at);
    }
  }
  return file;
}

test.serial('8-bit, stereo and 96 kHz recordings sound as the same one in 16 bits at 16 kHz', async (t) => {
  const { dir, model, store } = await prepare(t);
  const kinds = { plain: {}, eight: { bits: 8 }, stereo: { channels: 2 }, fast: { rateHz: 96_000 } };
  const files = Object.entries(kinds).map(([name, kind]) => {
    const path = join(dir, `${name}.wav`);
    writeFileSync(path, toneWav({ rateHz: 16_000, bits: 16, channels: 1, ...kind }));
    return path;
  });
  await enrollSpeakers(store, model, [{ speaker: 'tone', files: files.slice(0, 1) }]);
  for (const file of files) {
    const { score } = await verifySpeaker(store, model, { speaker: 'tone', file });
    t.true(score > 0.95, `${file}: ${score}`);
  }
});

test.serial('a calibration on trials and one without labels; the model then says what its scores mean', async (t) => {
  const { corpus, wav, folder, model } = await prepare(t);
  const list = join(corpus, 'trials', 'clean.txt');
  const trials = await scoresOfTrials(model, { list, root: corpus });
  t.deepEqual([trials.targets.length, trials.nontargets.length], [18, 48]);
  const recordings = [0, 1, 2, 3, 4, 5].flatMap((voice) =>
    [0, 1, 2, 3].map((n) => ({ name: `${voice} ${n}`, path: wav(voice, n) })),
  );
  const { scores, used } = await scoresOfCrops(model, { recordings, cropSeconds: 0.5 });
  t.deepEqual([used, scores.targets.length, scores.nontargets.length], [24, 24, 24 * 23]);
  await t.throwsAsync(scoresOfCrops(model, { recordings, cropSeconds: 2 }), {
    instanceOf: UserError,
    message: /Only 0 of 24 recordings can be used and last 4 s/,
  });
  const about = { model: model.identity, meanSubtracted: true, source: 'corpus', kind: 'crops' as const };
  writeCalibration(folder, calibrate(scores, about));
  const calibrated = await openSpeakerModel(folder, { device: 'cpu' });
  t.teardown(() => calibrated.close());
  t.is(calibrated.calibration?.measuredOn.kind, 'crops');
  const cosine = await cosineOfFiles(calibrated, wav(3, 0), wav(3, 1));
  t.true(Math.abs(cosine - (await cosineOfFiles(model, wav(3, 1), wav(3, 0)))) < 1e-5);
  const raw = await openSpeakerModel(folder, { device: 'cpu', raw: true });
  t.teardown(() => raw.close());
  t.is(raw.calibration, null, 'it was measured with the mean subtracted');
  await writeTinyModel(folder, { seed: 9 });
  await t.throwsAsync(openSpeakerModel(folder, { device: 'cpu' }), {
    instanceOf: UserError,
    message: /Calibrate again/,
  });
});
