import type { Rng } from '../../random.js';
import { type Split, splitSpeakers, splitUtterances } from './split.js';

/** Utterances of a class that make it worth a probe, and the most classes that one tells apart: the most frequent. */
const LEAST_UTTERANCES = 4;
const MOST_CLASSES = 200;

/** An attribute to probe for, on fixed utterances. */
export interface Task {
  attribute: string;
  classes: string[];
  /** Class of each utterance, -1 for none. // [utterances] */
  labels: Int32Array;
  split: Split;
  control: Control;
}

/**
 * The control task (J. Hewitt, P. Liang, "Designing and Interpreting Probes with Control Tasks", 2019, arXiv:1909.03368): every type of
 * utterance has a random label, drawn as often as the task's labels are. What a probe gets right of it, it has memorised.
 */
export interface Control {
  labels: Int32Array;
  of: 'speakers' | 'sounds';
  count: number;
}

/** What is known of the utterances. */
export interface Known {
  /** null where it is not known of all of them. */
  speakers: readonly string[] | null;
  /** Clusters of similar sound. // [utterances] */
  sounds: Int32Array;
}

/** Makes a task of an attribute's values, or says why it cannot be one. */
export function createTask(
  attribute: string,
  values: readonly (string | null)[],
  { speakers, sounds }: Known,
  rng: Rng,
): Task | { reason: string } {
  const { classes, labels } = classesOf(values);
  if (classes.length < 2) return { reason: tooFew(values, classes) };
  const isSpeaker = attribute === 'speaker';
  const split =
    isSpeaker || !speakers
      ? splitUtterances(labels, rng.fork('split'))
      : splitSpeakers(labels, speakers, rng.fork('split'));
  const lost = missingClasses(classes, labels, split);
  if (lost.length >= classes.length - 1 || (lost.length > 0 && isSpeaker))
    return {
      reason: `of ${lost.map((i) => `'${classes[i]}'`).join(', ')} there is no other ${split.apart === 'speakers' ? 'speaker' : 'utterance'} to test with`,
    };
  if (lost.length > 0) {
    const rest = values.map((value) => (value !== null && lost.includes(classes.indexOf(value)) ? null : value));
    return createTask(attribute, rest, { speakers, sounds }, rng);
  }
  const types = isSpeaker || !speakers ? sounds : numbered(speakers);
  const control = controlLabels(labels, types, split, rng.fork('control'));
  const of = types === sounds ? 'sounds' : 'speakers';
  return { attribute, classes, labels, split, control: { labels: control.labels, of, count: control.count } };
}

/** The classes of values that are frequent enough, by name. */
function classesOf(values: readonly (string | null)[]): { classes: string[]; labels: Int32Array } {
  const counts = new Map<string, number>();
  for (const value of values) if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  const classes = [...counts]
    .filter(([, count]) => count >= LEAST_UTTERANCES)
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, MOST_CLASSES)
    .map(([name]) => name)
    .sort();
  const numbers = new Map(classes.map((name, i) => [name, i]));
  return { classes, labels: Int32Array.from(values, (value) => numbers.get(value ?? '') ?? -1) };
}

function tooFew(values: readonly (string | null)[], [only]: readonly string[]): string {
  const all = new Set(values.filter((value) => value !== null)).size;
  if (all === 0) return 'no utterance has a value of it';
  if (all === 1) return `every utterance has the same value of it${only === undefined ? '' : `, '${only}'`}`;
  return `of its ${all} values ${only === undefined ? 'none' : `only '${only}'`} has ${LEAST_UTTERANCES} utterances`;
}

/** Classes that the probe could not learn, or not be judged by. */
function missingClasses(classes: readonly string[], labels: Int32Array, { train, test }: Split): number[] {
  const inside = (part: Int32Array) => new Set(Array.from(part, (i) => labels[i]));
  const [learned, tested] = [inside(train), inside(test)];
  return [...classes.keys()].filter((i) => !learned.has(i) || !tested.has(i));
}

function numbered(names: readonly string[]): Int32Array {
  const numbers = new Map([...new Set(names)].map((name, i) => [name, i]));
  return Int32Array.from(names, (name) => numbers.get(name)!);
}

/** Draws a label for each type from the labels of the utterances to learn from. */
function controlLabels(labels: Int32Array, types: Int32Array, { train }: Split, rng: Rng) {
  const drawn = new Map<number, number>();
  const control = labels.map((label, i) => {
    if (label < 0) return -1;
    const type = types[i];
    const own = drawn.get(type) ?? labels[train[rng.fork(type).int(train.length)]];
    drawn.set(type, own);
    return own;
  });
  return { labels: control, count: drawn.size };
}
