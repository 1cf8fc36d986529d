import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readdirSync, readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { crc32c } from '../../src/follow/tensorboard/crc32c.js';
import { startEvent, summaryEvent, versionEvent } from '../../src/follow/tensorboard/event.js';
import { followRun } from '../../src/follow/tensorboard/tensorboard.js';
import { recordBytes } from '../../src/follow/tensorboard/tf-record.js';
import { readEventValues } from '../helpers/oracles/event-file.js';
import { metricsText, writeRunOnDisk } from '../helpers/recipes/run-on-disk.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const fixture = fileURLToPath(new URL('../../../test/fixtures/tensorboard/events.tfrecord', import.meta.url));

test('CRC-32C gives the values of RFC 3720', (t) => {
  t.is(crc32c(new Uint8Array(32)), 0x8a9136aa);
  t.is(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  t.is(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e);
});

test('events are written as TensorBoard itself writes them, byte for byte', (t) => {
  const histogram = { low: 0.5, high: 2.5, sum: 8.25, sumSquares: 14.5, counts: [3, 0, 2, 1] };
  const events = [
    versionEvent(1700000000.25),
    startEvent(1700000000.25, 0),
    summaryEvent(1700000001.5, 0, [
      { tag: 'loss', scalar: 6.75 },
      { tag: 'teacherEntropy', scalar: 0 },
    ]),
    summaryEvent(1700000002.5, 300, [
      { tag: 'loss', scalar: -1e-7 },
      { tag: 'gate/losses', histogram },
    ]),
  ];
  t.deepEqual(Buffer.concat(events.map(recordBytes)), readFileSync(fixture));
});

test('a run becomes event files and embeddings; what it does next is added', (t) => {
  const dir = temporaryFolder(t);
  writeRunOnDisk(dir);
  const [out, round] = [join(dir, 'tensorboard'), join(dir, 'stages/loop/stages/round-2')];
  const metrics = readFileSync(join(round, 'metrics.jsonl'));
  writeFileSync(join(round, 'metrics.jsonl'), '');
  const follow = followRun(dir);
  follow();
  t.false(
    existsSync(join(out, 'loop/round-2')) &&
      readdirSync(join(out, 'loop/round-2')).some((name) => name.includes('tfevents')),
  );
  writeFileSync(join(round, 'metrics.jsonl'), metrics);
  follow();
  const losses = () => readEventValues(join(out, 'loop/round-2')).filter(({ tag }) => tag === 'loss');
  t.deepEqual(
    losses().map(({ step, value }) => [step, value]),
    Array.from({ length: 10 }, (_, i) => [i, Math.fround(5 - i / 10)]),
  );
  const gate = readEventValues(join(out, 'loop/round-2/gate')).filter(({ step }) => step === 1);
  t.deepEqual(gate.map(({ tag, value }) => [tag, value]).slice(0, 3), [
    ['gate/threshold', 1.5],
    ['gate/kept', 0.5],
    ['gate/corrected', 0.25],
  ]);
  const counts = gate.at(-1)!.value as number[];
  // 1, 2 and 4 between 1 and 4 in thirty parts.
  t.deepEqual(
    [gate.at(-1)!.tag, counts.flatMap((count, part) => (count > 0 ? [[part, count]] : []))],
    [
      'gate/losses',
      [
        [0, 1],
        [9, 1],
        [29, 1],
      ],
    ],
  );
  const rounds = readEventValues(join(out, 'loop/rounds')).map(({ tag, value }) => `${tag} ${value}`);
  t.true(rounds.includes('round/cropEer 0.125') && rounds.includes('round/eer/clean 0.0625'), rounds.join());
  t.is(readFileSync(join(out, 'loop/embeddings-0/tensors.tsv'), 'utf8'), '1\t0\n0.12346\t1\n-1\t0\n0\t-1\n');
  t.is(
    readFileSync(join(out, 'loop/embeddings-0/metadata.tsv'), 'utf8'),
    'utterance\tspeaker\tcluster\n0\tunknown\t0\n1\tunknown\t1\n2\tunknown\tnone\n3\tunknown\t1\n',
  );

  const [file] = readdirSync(join(out, 'loop/round-2'));
  appendFileSync(join(round, 'metrics.jsonl'), metricsText(10, 12, () => 2).slice(0, -5));
  follow();
  t.deepEqual(
    losses()
      .map(({ step }) => step)
      .slice(-2),
    [9, 10],
    'a line waits until it is whole',
  );
  t.deepEqual(
    readdirSync(join(out, 'loop/round-2')).filter((name) => name.includes('tfevents')),
    [file],
  );
});

test('a training that is resumed, or goes back, has each step once, with its own time', (t) => {
  const dir = temporaryFolder(t);
  writeRunOnDisk(dir);
  const metrics = join(dir, 'stages/dino/metrics.jsonl');
  const out = join(dir, 'tensorboard/dino');
  utimesSync(metrics, 1000, 1000);
  const follow = followRun(dir);
  follow();
  const [before] = readdirSync(out);
  // As a checkpoint at step 30 leaves it, with two of the steps that are done again.
  writeFileSync(`${metrics}.new`, metricsText(0, 30, (step) => 8 - step / 10) + metricsText(30, 32, () => 1));
  utimesSync(`${metrics}.new`, 2000, 2000);
  renameSync(`${metrics}.new`, metrics);
  const check = (name: string) => {
    const losses = readEventValues(out).filter(({ tag }) => tag === 'loss');
    t.deepEqual(
      losses.map(({ step }) => step),
      Array.from({ length: 32 }, (_, i) => i),
      name,
    );
    t.deepEqual(
      losses.slice(29).map(({ value }) => value),
      [Math.fround(5.1), 1, 1],
      name,
    );
    t.true(
      losses.slice(0, 30).every(({ seconds }) => seconds === 1000),
      name,
    );
  };
  follow();
  check('in the same process');
  const [emptied, next] = readdirSync(out).sort();
  t.deepEqual([emptied, next > before], [before, true], 'a reader that is open goes on with the new file');
  appendFileSync(join(out, next), Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0, 1));
  followRun(dir)();
  check('in another, behind a record that was cut short');
  t.is(readdirSync(out).length, 2);
});

const PYTHON = process.env.VOXLOOP_TEST_TENSORBOARD;

const READER = `
import json, sys
from tensorboard.backend.event_processing.event_multiplexer import EventMultiplexer
from tensorboard.plugins.projector.projector_plugin import ProjectorPlugin
from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider
from tensorboard.plugins.base_plugin import TBContext
from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer as PluginMultiplexer
logdir = sys.argv[1]
plain = EventMultiplexer().AddRunsFromDirectory(logdir).Reload()
runs = plain.Runs().items()
steps = lambda run, tag: [[e.step, e.value] for e in plain.Scalars(run, tag)]
counts = lambda run, tag: [[e.step, e.histogram_value.num, list(e.histogram_value.bucket)] for e in plain.Histograms(run, tag)]
scalars = {run: {tag: steps(run, tag) for tag in tags["scalars"]} for run, tags in runs}
histograms = {run: {tag: counts(run, tag) for tag in tags["histograms"]} for run, tags in runs}
multiplexer = PluginMultiplexer().AddRunsFromDirectory(logdir).Reload()
plugin = ProjectorPlugin(TBContext(logdir=logdir, data_provider=MultiplexerDataProvider(multiplexer, logdir), multiplexer=multiplexer))
plugin._update_configs()
projector = {run: [[e.tensor_name, list(e.tensor_shape), e.metadata_path] for e in config.embeddings] for run, config in plugin._configs.items()}
print(json.dumps({"scalars": scalars, "histograms": histograms, "projector": projector}))
`;

(PYTHON ? test : test.skip)('TensorBoard reads scalars, histograms and embeddings', (t) => {
  const dir = temporaryFolder(t);
  writeRunOnDisk(dir);
  followRun(dir)();
  const out = join(dir, 'tensorboard');
  t.true(existsSync(out));
  const read = JSON.parse(execFileSync(PYTHON!, ['-c', READER, out], { encoding: 'utf8' }));
  t.deepEqual(Object.keys(read.scalars).sort(), [
    'dino',
    'loop/embeddings-0',
    'loop/round-2',
    'loop/round-2/gate',
    'loop/rounds',
  ]);
  t.deepEqual(
    read.scalars.dino.loss,
    Array.from({ length: 40 }, (_, i) => [i, Math.fround(8 - i / 10)]),
  );
  t.deepEqual(read.scalars['loop/rounds']['round/clusters'], [[1, 7]]);
  // This reader keeps the last histogram alone.
  const [last] = read.histograms['loop/round-2/gate']['gate/losses'];
  t.deepEqual([last[0], last[1], last[2].length], [1, 3, 30]);
  t.deepEqual(read.projector['loop/embeddings-0'], [['loop/embeddings-0', [4, 2], 'metadata.tsv']]);
});
