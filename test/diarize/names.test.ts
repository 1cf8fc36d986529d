import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { diarizeOptions } from '../../src/diarize/diarize.js';
import { diarizeVoices, type NamedDiarization } from '../../src/diarize/names/diarize-voices.js';
import { enrollNumbered } from '../../src/diarize/names/enroll-numbered.js';
import { type NameOptions, openVoiceNames } from '../../src/diarize/names/voice-names.js';
import { formatted, voicesLine } from '../../src/diarize/output.js';
import { UserError } from '../../src/errors.js';
import { writeWav16 } from '../../src/io/wav-write.js';
import { addToStore, renameSpeaker } from '../../src/speakers/change-store.js';
import { enrollSpeakers } from '../../src/speakers/enroll.js';
import { readStore } from '../../src/speakers/store.js';
import { hiss, sequence, shapeExtractor, shapeModel, talk } from '../helpers/corpora/talk.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const model = shapeModel;
// One voice gives cosines of 0.99 and more, two give 0.83 at most.
const THRESHOLD = 0.95;

/** Turns of voices, three and a half seconds each unless told otherwise, with pauses of half a second. */
const turns = (...voices: [voice: number, seconds?: number][]) =>
  sequence(...voices.flatMap(([voice, seconds = 3.5], i) => [hiss(0.5, 0), talk(voice, seconds, i + 1)]), hiss(0.5, 0));

/** A folder with a store in which voice 0 is anna, and what names the speakers of recordings that are made there. */
async function prepare(t: ExecutionContext) {
  const dir = temporaryFolder(t);
  const store = join(dir, 'store');
  const save = (name: string, samples: Float32Array) => {
    writeWav16(join(dir, name), samples, 16000);
    return join(dir, name);
  };
  await enrollSpeakers(store, model, [{ speaker: 'anna', files: [save('anna.wav', turns([0, 5]))] }]);
  const open = (options: NameOptions = {}) => openVoiceNames(model, { store, threshold: THRESHOLD, ...options });
  const diarize = async (file: string, speakers: number, names: Awaited<ReturnType<typeof open>>) =>
    usable(await diarizeVoices(file, model, diarizeOptions.parse({ speakers }), { names }));
  return { dir, store, save, open, diarize };
}

function usable(outcome: NamedDiarization) {
  if ('reason' in outcome) throw new Error(outcome.reason);
  return outcome;
}

const labels = ({ segments }: { segments: readonly { speaker: string }[] }) => segments.map(({ speaker }) => speaker);

test('who is enrolled is named; the others keep their numbers from file to file, and in the next session as well', async (t) => {
  const { store, save, open, diarize } = await prepare(t);
  const names = await open();
  t.is(names.enrolled, 1);
  const first = await diarize(save('first.wav', turns([1], [0], [1])), 2, names);
  t.deepEqual(labels(first), ['speaker1', 'anna', 'speaker1']);
  const [stranger, anna] = first.voices;
  t.deepEqual([stranger.enrolled, stranger.score, stranger.nearest?.speaker], [false, null, 'anna']);
  t.true(anna.enrolled && anna.score! > 0.99 && Math.abs(anna.speechSeconds - 3.5) < 0.3, JSON.stringify(anna.score));
  t.true(Math.abs(stranger.speechSeconds - 7) < 0.5 && Math.abs(stranger.startSeconds - 0.5) < 0.2);
  const second = await diarize(save('second.wav', turns([2], [1], [0])), 3, names);
  t.deepEqual(labels(second), ['speaker2', 'speaker1', 'anna']);
  t.true(second.voices[1].score! > 0.99 && !second.voices[1].enrolled);

  const enrolled = await enrollNumbered(store, model, names);
  t.deepEqual(
    enrolled.map(({ speaker, recordings }) => [speaker, recordings]),
    [
      ['speaker1', 2],
      ['speaker2', 1],
    ],
  );
  await renameSpeaker(store, { from: 'speaker1', to: 'ben' });
  const later = await diarize(save('later.wav', turns([3], [1], [2])), 3, await open());
  t.deepEqual(labels(later), ['speaker3', 'ben', 'speaker2']);
  t.deepEqual(
    later.voices.map(({ enrolled: isEnrolled }) => isEnrolled),
    [false, true, true],
  );
});

test('too little speech gets a number, no name, and says so', async (t) => {
  const { save, open, diarize } = await prepare(t);
  const file = save('short.wav', turns([0, 1.5], [1]));
  const names = await open();
  const { voices, ...rest } = await diarize(file, 2, names);
  t.deepEqual(labels(rest), ['speaker2', 'speaker1']);
  const [short, long] = voices;
  t.deepEqual([short.speaker, short.enrolled, short.score, short.nearest?.speaker], [null, false, null, 'anna']);
  t.is(short.shortage?.leastSeconds, 2);
  t.is(long.speaker, 'speaker1');
  t.deepEqual(
    names.numbered().map(({ speaker }) => speaker),
    ['speaker1'],
    'a voice that nothing was decided of is not enrolled',
  );
  const diarized = { recording: 'short', voices, ...rest };
  t.regex(
    voicesLine(diarized),
    /^short: speaker2, too little speech \(1\.\d s of 2 s\), nearest anna [01]\.\d\d; speaker1, nearest/,
  );
  const [item] = JSON.parse(formatted([diarized], 'json', 'x.npy'));
  t.regex(item.voices[0].undecided, /too little speech/);
  t.deepEqual(item.voices[0].embedding, { file: 'x.npy', name: 'short/speaker2' });
  t.deepEqual([item.voices[1].undecided, item.speakers], [undefined, 2]);
  const named = await diarize(file, 2, await open({ leastSpeechSeconds: 1 }));
  t.deepEqual(labels(named), ['anna', 'speaker1']);
});

test('without a threshold nothing is decided, and numbers are of one file', async (t) => {
  const { save, open, diarize } = await prepare(t);
  const names = await open({ threshold: undefined });
  const file = save('one.wav', turns([0]));
  t.deepEqual([names.threshold, names.numbered()], [null, []]);
  t.deepEqual(labels(await diarize(file, 1, names)), ['speaker1']);
  t.deepEqual(labels(await diarize(file, 1, names)), ['speaker2']);
  const alone = usable(await diarizeVoices(file, model, diarizeOptions.parse({})));
  t.deepEqual([alone.voices[0].label, alone.voices[0].vector.length], ['speaker1', shapeExtractor.size]);
});

/** A vector in the plane at this angle, in degrees. */
const at = (degrees: number) =>
  Float32Array.from([Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)]);

test('of one recording each name goes to the voice most like it, and no two voices share one', async (t) => {
  const store = join(temporaryFolder(t), 'store');
  const flat = { ...model, extractor: { ...shapeExtractor, shapeModel, size: 2 } };
  const kind = { model: flat.identity, embeddingSize: 2, meanSubtracted: false };
  const enrol = (speaker: string, degrees: number) => ({
    speaker,
    utterances: [{ file: speaker, seconds: 5, soundSeconds: 5, vector: at(degrees) }],
  });
  await addToStore(store, kind, [enrol('anna', 0), enrol('ben', 40), enrol('speaker7', 200)]);
  const names = await openVoiceNames(flat, { store, threshold: Math.cos(Math.PI / 6) });
  const voice = (degrees: number) => ({ source: 'x', speechSeconds: 10, vector: at(degrees) });
  const found = (...degrees: number[]) => names.name(degrees.map(voice)).map(({ speaker }) => speaker);
  t.deepEqual(found(15, 5), ['ben', 'anna']);
  t.deepEqual(found(-6, 5, 12), ['speaker8', 'anna', 'ben']);
  t.deepEqual(found(-8), ['speaker8'], 'it is more like the voice that was numbered before');
  t.deepEqual(found(100, 300), ['speaker9', 'speaker10']);
});

test('a number that another process has enrolled, a foreign store and a missing one are told', async (t) => {
  const { dir, store, save, open, diarize } = await prepare(t);
  const [names, others] = [await open(), await open()];
  const file = save('one.wav', turns([1]));
  for (const session of [names, others]) await diarize(file, 1, session);
  await enrollNumbered(store, model, others);
  await t.throwsAsync(enrollNumbered(store, model, names), {
    instanceOf: UserError,
    message: /'speaker1' was enrolled/,
  });
  t.is(readStore(store).speakers.get('speaker1')?.utterances.length, 1);
  await renameSpeaker(store, { from: 'speaker1', to: 'anna' });
  t.is(readStore(store).speakers.get('anna')?.utterances.length, 2, 'anna has both recordings now');
  await t.throwsAsync(renameSpeaker(store, { from: 'ana', to: 'x' }), { message: /did you mean 'anna'/ });
  await t.throwsAsync(renameSpeaker(store, { from: 'anna', to: ' ' }), { message: /cannot be the name/ });

  const identity = { name: 'other', digest: 'b'.repeat(64) };
  const foreign = { ...model, identity, space: () => identity };
  for (const mayBeMissing of [false, true])
    await t.throwsAsync(openVoiceNames(foreign, { store, mayBeMissing }), { message: /but this is 'other'/ });
  const none = { store: join(dir, 'none'), threshold: THRESHOLD };
  await t.throwsAsync(openVoiceNames(model, none), { message: /does not exist/ });
  const fresh = await openVoiceNames(model, { ...none, mayBeMissing: true });
  t.deepEqual(labels(await diarize(file, 1, fresh)), ['speaker1']);
  t.is((await enrollNumbered(none.store, model, fresh)).length, 1);
});

test('a student that learned the embeddings of the model that enrolled knows its voices, and enrols none', async (t) => {
  const { store } = await prepare(t);
  const student = { ...model, identity: { name: 'student', digest: 'c'.repeat(64) } };
  const names = await openVoiceNames(student, { store, threshold: THRESHOLD });
  t.is(names.enrolled, 1);
  const stranger = Float32Array.from({ length: shapeExtractor.size }, (_, i) => (i % 2 === 0 ? 1 : -1));
  t.is(names.name([{ source: 'b.wav', speechSeconds: 5, vector: stranger }])[0].speaker, 'speaker1');
  await t.throwsAsync(enrollNumbered(store, student, names), { message: /but this is 'student'/ });
});
