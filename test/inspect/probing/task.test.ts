import test from 'ava';
import { createTask, type Task } from '../../../src/inspect/probing/task.js';
import { type ProbedVectors, trainProbes } from '../../../src/inspect/probing/train-probes.js';
import { createRng } from '../../../src/random.js';
import { normals } from '../../helpers/random-values.js';

const [VOICES, EACH] = [24, 10];
const rows = VOICES * EACH;
const speakers = Array.from({ length: rows }, (_, i) => `voice${Math.floor(i / EACH)}`);
const sounds = Int32Array.from({ length: rows }, (_, i) => i % 7);
const known = { speakers, sounds };
const genders = speakers.map((name) => (Number(name.slice(5)) % 3 === 0 ? 'f' : 'm'));

const taskOf = (
  attribute: string,
  values: readonly (string | null)[],
  facts: Parameters<typeof createTask>[2] = known,
): Task => {
  const task = createTask(attribute, values, facts, createRng(5));
  if ('reason' in task) throw new Error(task.reason);
  return task;
};

test('no speaker is on both sides of a split, and every class is', (t) => {
  const { split, labels, classes } = taskOf('gender', genders);
  t.deepEqual(classes, ['f', 'm']);
  const voices = (part: Int32Array) => new Set(Array.from(part, (i) => speakers[i]));
  const [train, familiar, test] = [split.train, split.familiar, split.test].map(voices);
  t.deepEqual(
    [...test].filter((name) => train.has(name)),
    [],
  );
  t.deepEqual(
    [...familiar].filter((name) => !train.has(name)),
    [],
  );
  t.deepEqual(
    split.train.filter((i) => split.familiar.includes(i)),
    new Int32Array(),
  );
  t.deepEqual(new Set(Array.from(split.test, (i) => labels[i])), new Set([0, 1]));
  t.is(test.size, 2 + 5);
});

test('the speaker itself is told apart on other utterances, its control task by clusters of sound', (t) => {
  const { split, control } = taskOf('speaker', speakers);
  t.is(split.apart, 'utterances');
  t.deepEqual(split.test, split.familiar);
  t.is(split.test.length, VOICES * 3);
  t.like(control, { of: 'sounds', count: 7 });
});

test('control labels are one for each type, drawn among the labels of the task', (t) => {
  const { control, labels } = taskOf('gender', genders);
  t.like(control, { of: 'speakers', count: VOICES });
  const byVoice = new Map(speakers.map((name, i) => [name, control.labels[i]]));
  t.true(speakers.every((name, i) => byVoice.get(name) === control.labels[i]));
  t.notDeepEqual(control.labels, labels);
  t.deepEqual(new Set(control.labels), new Set([0, 1]));
});

test('a layer that knows the attribute is selective, one that knows who speaks only memorises', async (t) => {
  const { labels, split, control } = taskOf('gender', genders);
  const noise = normals(rows * VOICES, 'noise', 0.3);
  const layer = (size: number, value: (i: number, k: number) => number) => ({
    rows,
    size,
    vectors: Float32Array.from({ length: rows * size }, (_, at) => value(Math.floor(at / size), at % size) + noise[at]),
  });
  const probes = [
    { name: 'task', classes: 2, labels, train: split.train },
    { name: 'control', classes: 2, labels: control.labels, train: split.train },
  ];
  const right = (said: Int32Array, wanted: Int32Array, part: Int32Array) =>
    part.filter((i) => said[i] === wanted[i]).length / part.length;
  const figures = async (input: ProbedVectors) => {
    const layers = new Map([['x', input]]);
    const answers = await trainProbes({ device: 'cpu', threads: 0, seed: 1 }, layers, probes, {
      hidden: 0,
      steps: 120,
      decay: 1e-3,
    });
    const said = answers.get('x')!;
    const [task, memorised] = [said.get('task')!, said.get('control')!];
    const familiar = right(task, labels, split.familiar);
    return {
      accuracy: right(task, labels, split.test),
      selectivity: familiar - right(memorised, control.labels, split.familiar),
    };
  };
  const knows = await figures(layer(2, (i, k) => (labels[i] === k ? 1 : 0)));
  const identifies = await figures(layer(VOICES, (i, k) => (Math.floor(i / EACH) === k ? 1 : 0)));
  t.true(knows.accuracy > 0.9 && knows.selectivity > 0.2, JSON.stringify(knows));
  t.true(identifies.accuracy < 0.8 && Math.abs(identifies.selectivity) < 0.05, JSON.stringify(identifies));
});

test('an attribute that nothing can be learned of says why', (t) => {
  const reason = (values: readonly (string | null)[]) => {
    const task = createTask('gender', values, known, createRng(5));
    return 'reason' in task ? task.reason : '';
  };
  t.is(reason(speakers.map(() => null)), 'no utterance has a value of it');
  t.is(reason(speakers.map(() => 'f')), "every utterance has the same value of it, 'f'");
  t.is(reason(speakers.map((_, i) => (i < 3 ? 'm' : 'f'))), "of its 2 values only 'f' has 4 utterances");
  t.is(
    reason(speakers.map((name) => (name === 'voice3' ? 'm' : 'f'))),
    "of 'm' there is no other speaker to test with",
  );
});
