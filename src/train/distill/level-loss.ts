import { type Tensor, tf } from '../../engine/tf.js';
import { denseLayer } from '../../nn/dense.js';
import { timeMean } from '../../nn/pooling.js';
import type { Scope } from '../../nn/scope.js';
import { unit } from '../../nn/statistics.js';
import type { LayerOutputs } from '../../nn/taps.js';
import { framePeriodMs } from '../frame-period.js';
import { alignFrames, type FrameMap } from './align-frames.js';
import type { Combination, Level } from './level.js';

/** What a network heard and gave. */
export interface Heard {
  name: string;
  outputs: LayerOutputs;
  /** Frames of the features, and the time from one to the next. */
  frames: number;
  shiftMs: number;
}

/** Compares layers of a student with those of its teachers, traced: the level's loss before its weight, a scalar. */
export type LevelLoss = (student: Heard, teachers: readonly Heard[], labels: Tensor | undefined) => Tensor;

/** Builds the comparison of two layers, with its projection at `scope`. */
export function createLevelLoss(scope: Scope, level: Level, combine: Combination): LevelLoss {
  const { student: layer, loss, projection } = level;
  const project = projection ? denseLayer(scope, projection) : (x: Tensor) => x;
  return (student, teachers, labels) => {
    const { own, parts } = level.of === 'frames' ? frameRows(level, student, teachers) : utteranceRows(level, teachers);
    return loss(project(own ?? student.outputs.get(layer)!), targetRows(parts, combine), labels);
  };
}

/** Parts of a target: a list for each teacher, of its layers. // [rows, size] each */
type Parts = Tensor[][];

/** One vector an utterance; of a layer of frames their mean over time. */
function utteranceRows({ teacher }: Level, teachers: readonly Heard[]): { own?: Tensor; parts: Parts } {
  const vectorOf = (output: Tensor) => (output.rank === 3 ? timeMean(output, { training: false }) : output);
  return { parts: teachers.map(({ outputs }) => teacher.map((layer) => vectorOf(outputs.get(layer)!))) };
}

/** One vector a frame, of all networks at the same rate: rows are frames, utterance by utterance. */
function frameRows({ student: layer, teacher }: Level, student: Heard, teachers: readonly Heard[]) {
  const maps = teachers.map((network) => teacher.map((name) => frameMap(network, name)));
  const [own, ...others] = alignFrames([frameMap(student, layer), ...maps.flat()]).map(
    (map): Tensor => tf.reshape(map, [-1, map.shape[2]!]),
  );
  return { own, parts: maps.map((list, i) => others.slice(i * list.length, (i + 1) * list.length)) };
}

/** A layer of frames of a network. */
export function frameMap({ name, outputs, frames, shiftMs }: Heard, layer: string): FrameMap {
  const map = outputs.get(layer)!;
  return { name: `${name}'s '${layer}'`, map, periodMs: framePeriodMs(map.shape[1]!, frames, shiftMs) };
}

/** One target of several parts. Each of them is brought to length 1 before, so that none rules by its scale; a single one stays as it is. */
function targetRows(parts: Parts, combine: Combination): Tensor {
  if (parts.flat().length === 1) return parts[0][0];
  const units = parts.map((list) => list.map((part) => unit(part, 1)));
  const lists = combine === 'average' ? [meanOf(units)] : units;
  return tf.concat(lists.flat(), 1);
}

/** The mean over the teachers, layer by layer. */
const meanOf = (parts: Parts): Tensor[] =>
  parts[0].map((_, i) => tf.div(tf.addN(parts.map((list) => list[i])), parts.length));
