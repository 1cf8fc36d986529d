import { kmeans } from '../../cluster/kmeans/kmeans.js';
import type { Utterances } from '../../data/utterance-batches.js';
import { withSession } from '../../engine/session/with-session.js';
import { UserError } from '../../errors.js';
import type { AttributeProbes, ProbeResult } from '../../eval/probing/probe-result.js';
import { createRng } from '../../random.js';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';
import { type AttributeTable, attributesOf, type Named, readAttributeTable, withSpeakers } from './attribute-table.js';
import { excerptsOf, inNoise, SNR_DB, throughChannels, utterancesOf } from './heard-forms.js';
import { FEATURES, type LayerReader, type ProbedNetwork, withLayers } from './layer-vectors.js';
import { OWN_ATTRIBUTES, type ProbeSettings } from './options.js';
import { createTask, type Known, type Task } from './task.js';
import { type ProbeTask, trainProbes } from './train-probes.js';

/** An utterance whose layers are probed. */
export interface ProbedUtterance extends Named {
  gender: string | null;
  language: string | null;
  /** 16 kHz samples. */
  pcm: Int16Array;
}

/** Where and how probing runs. */
export interface ProbeRun {
  device: 'auto' | 'cpu' | 'gpu';
  threads: number;
  seed: number;
  signal?: AbortSignal;
  progress?(done: number, total: number, what: string): void;
}

/** One way of hearing all utterances, and the attributes that are asked of it. */
interface Hearing {
  utterances: Utterances;
  values: Map<string, readonly (string | null)[]>;
}

/** Utterances with a similar sound, of which a control task takes each for one type. */
const SOUNDS = 50;

/**
 * Asks what every layer of each network knows: a probe for each attribute learns from the layer's outputs, and is judged on speakers that
 * it has not heard, beside its control task.
 * @throws UserError where no attribute can be asked for, for a table that names no utterance, or an attribute that is nowhere
 */
export async function probeModel(
  networks: readonly ProbedNetwork[],
  probed: readonly ProbedUtterance[],
  settings: ProbeSettings,
  run: ProbeRun,
): Promise<ProbeResult> {
  const tables = settings.tables.map(readAttributeTable);
  const utterances = withSpeakers(tables, probed);
  const hearings = await hearingsOf(utterances, tables, settings, run);
  const total = networks.length * hearings.length;
  const result: ProbeResult = { utterances: utterances.length, hidden: settings.hidden, networks: [], skipped: [] };
  for (const network of networks) {
    const attributes: AttributeProbes[] = [];
    await withLayers(run, network, async (reader) => {
      for (const hearing of hearings) {
        const { found, skipped } = await probeHearing(reader, hearing, utterances, settings, run);
        attributes.push(...found);
        if (result.networks.length === 0) result.skipped.push(...skipped);
        run.progress?.(result.networks.length * hearings.length + hearings.indexOf(hearing) + 1, total, network.name);
        run.signal?.throwIfAborted();
      }
    });
    result.networks.push({ name: network.name, attributes });
  }
  if (result.networks.some(({ attributes }) => attributes.length === 0))
    throw new UserError(
      `There is nothing to probe for: ${reasons(result)}. Give a table of attributes, or other recordings.`,
    );
  return result;
}

const reasons = ({ skipped }: ProbeResult): string =>
  skipped.map(({ attribute, reason }) => `${attribute}: ${reason}`).join('; ');

/** Every way of hearing the utterances that the settings ask for. */
async function hearingsOf(
  utterances: readonly ProbedUtterance[],
  tables: readonly AttributeTable[],
  settings: ProbeSettings,
  run: ProbeRun,
): Promise<Hearing[]> {
  const told = attributesOf(tables, utterances);
  const own = settings.attributes.filter((name) => !told.has(name));
  const stranger = own.find((name) => !OWN_ATTRIBUTES.some((known) => known === name));
  if (stranger !== undefined)
    throw new UserError(
      `attributes: '${stranger}' is in no table, and none of ${OWN_ATTRIBUTES.join(', ')}. Correct it, or give a table with it.`,
    );
  const audio = utterances.map(({ pcm }) => pcm);
  const wants = (name: string) => own.includes(name);
  const plain = new Map<string, readonly (string | null)[]>();
  if (wants('speaker'))
    plain.set(
      'speaker',
      utterances.map(({ speaker }) => speaker),
    );
  if (wants('gender'))
    plain.set(
      'gender',
      utterances.map(({ gender }) => gender),
    );
  if (wants('language'))
    plain.set(
      'language',
      utterances.map(({ language }) => language),
    );
  if (wants('duration')) plain.set('duration', thirdsOf(audio.map(({ length }) => length / SAMPLE_RATE_HZ)));
  for (const [name, values] of told) plain.set(name, values);
  const hearings: Hearing[] = [{ utterances: utterancesOf(audio), values: plain }];
  if (wants('channel')) {
    const { kinds, utterances: heard } = throughChannels(audio, run.seed);
    hearings.push({ utterances: heard, values: new Map([['channel', Array.from(kinds, (i) => `channel ${i + 1}`)]]) });
  }
  if (wants('snr')) {
    const { kinds, utterances: heard } = inNoise(audio, run.seed);
    hearings.push({ utterances: heard, values: new Map([['snr', Array.from(kinds, (i) => `${SNR_DB[i]} dB`)]]) });
  }
  if (wants('content')) {
    const { utterances: heard, spectra } = excerptsOf(audio, run.seed);
    const units = await clustersOf(spectra, audio.length, settings.units, run);
    hearings.push({ utterances: heard, values: new Map([['content', Array.from(units, (i) => `unit ${i + 1}`)]]) });
  }
  return hearings.filter(({ values }) => values.size > 0);
}

/** Thirds of utterances by length; all the same where they are equally long. */
function thirdsOf(seconds: readonly number[]): string[] {
  const order = seconds.toSorted((a, b) => a - b);
  const [low, high] = [order[Math.floor(order.length / 3)], order[Math.floor((2 * order.length) / 3)]];
  return seconds.map((length) => (length < low ? 'short' : length < high ? 'middle' : 'long'));
}

async function clustersOf(points: Float32Array, rows: number, clusters: number, run: ProbeRun): Promise<Int32Array> {
  const { device, threads, seed, signal } = run;
  const work = { device, threads, seed, name: 'probe-clusters' };
  const most = Math.max(1, Math.min(clusters, Math.floor(rows / 4)));
  const { labels } = await withSession(work, (session) =>
    kmeans(session, {
      points,
      rows,
      size: points.length / rows,
      clusters: most,
      metric: 'l2',
      seed,
      iterations: 30,
      restarts: 1,
      signal,
    }),
  );
  return labels;
}

async function probeHearing(
  reader: LayerReader,
  { utterances: heard, values }: Hearing,
  utterances: readonly ProbedUtterance[],
  settings: ProbeSettings,
  run: ProbeRun,
): Promise<{ found: AttributeProbes[]; skipped: ProbeResult['skipped'] }> {
  const vectors = await reader.read(heard, { signal: run.signal });
  const features = vectors.get(FEATURES)!;
  const sounds = await clustersOf(features.vectors, features.rows, SOUNDS, run);
  const everybody = utterances.every(({ speaker }) => speaker !== null);
  const known: Known = { speakers: everybody ? utterances.map(({ speaker }) => speaker!) : null, sounds };
  const rng = createRng(run.seed).fork('probe');
  const all = [...values].map(([name, list]) => ({ name, task: createTask(name, list, known, rng.fork(name)) }));
  const skipped = all.flatMap(({ name, task }) => ('reason' in task ? [{ attribute: name, reason: task.reason }] : []));
  const tasks = all.flatMap(({ task }) => ('reason' in task ? [] : [task]));
  if (tasks.length === 0) return { found: [], skipped };
  const answers = await trainProbes(run, vectors, tasks.flatMap(withControl), settings);
  const figures = (task: Task) => reader.layers.map((layer) => ({ layer, ...figuresOf(task, answers.get(layer)!) }));
  return { found: tasks.map((task) => describe(task, figures(task))), skipped };
}

/** The probe of a task, and that of its control task. */
const withControl = ({ attribute, classes, labels, split: { train }, control }: Task): ProbeTask[] => [
  { name: `${attribute}/task`, classes: classes.length, labels, train },
  { name: `${attribute}/control`, classes: classes.length, labels: control.labels, train },
];

/** The accuracies of a task and of its control, from what was said on one layer. */
function figuresOf({ attribute, labels, split, control }: Task, said: ReadonlyMap<string, Int32Array>) {
  const task = said.get(`${attribute}/task`)!;
  const familiar = accuracy(task, labels, split.familiar);
  const controlled = accuracy(said.get(`${attribute}/control`)!, control.labels, split.familiar);
  return {
    accuracy: accuracy(task, labels, split.test),
    familiar,
    control: controlled,
    selectivity: familiar - controlled,
  };
}

const accuracy = (said: Int32Array, labels: Int32Array, rows: Int32Array): number =>
  rows.length === 0 ? 0 : rows.filter((row) => said[row] === labels[row]).length / rows.length;

function describe(
  { attribute, classes, labels, split: { train, test, apart }, control }: Task,
  layers: AttributeProbes['layers'],
): AttributeProbes {
  const counts = new Int32Array(classes.length);
  for (const row of train) counts[labels[row]]++;
  const frequent = counts.indexOf(Math.max(...counts));
  return {
    attribute,
    classes,
    trained: train.length,
    tested: test.length,
    majority: accuracy(new Int32Array(labels.length).fill(frequent), labels, test),
    apart,
    types: { of: control.of, count: control.count },
    layers,
  };
}
