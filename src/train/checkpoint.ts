import { existsSync } from 'node:fs';
import { checkShapes } from '../embed/check-shapes.js';
import type { Session } from '../engine/session/session.js';
import { UserError } from '../errors.js';
import type { HostTensor } from '../host-tensor.js';
import { readSafetensors, writeSafetensors } from '../io/safetensors.js';
import { convertStates } from '../optim/convert-states.js';
import { isTransient } from './step/transient.js';

/** Values outside the graph that belong to the run's state (last losses, a gate), saved with the variables. */
export type HostState = Record<string, HostTensor>;

/** A part of a training with state outside the graph. */
export interface Stateful {
  /** The values that a checkpoint must hold; their names begin with the part's own. */
  state(): HostState;
  /** Goes on from the values of a checkpoint. */
  restore(state: HostState): void;
}

/** The state of all parts together. */
export const stateOf = (parts: readonly Stateful[]): HostState =>
  Object.assign({}, ...parts.map((part) => part.state()));

const HOST = 'host:';

/** Writes every variable of the session and the host state, whole or not at all; `step` is the number of steps done. */
export async function saveCheckpoint(
  session: Session,
  path: string,
  step: number,
  host: HostState = {},
): Promise<void> {
  const tensors = await session.save([...session.variables.keys()].filter((name) => !isTransient(name)));
  for (const [name, tensor] of Object.entries(host)) tensors[HOST + name] = tensor;
  writeSafetensors(path, tensors, { format: 'voxloop-checkpoint', step: String(step) });
}

/**
 * Loads a checkpoint into the session. Returns null when there is none; throws UserError when it is cut short or
 * belongs to another architecture. Optimizer states in 32 bit where the session keeps 8, or the reverse, are converted, and
 * `note` gets a line about it.
 */
export async function loadCheckpoint(
  session: Session,
  path: string,
  note: (line: string) => void = () => {},
): Promise<{ step: number; host: HostState } | null> {
  if (!existsSync(path)) return null;
  const { tensors, metadata } = readSafetensors(path);
  if (metadata.format !== 'voxloop-checkpoint') throw new UserError(`${path} is not a checkpoint of voxloop.`);
  const host: HostState = {};
  const values: Record<string, HostTensor> = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    if (name.startsWith(HOST)) host[name.slice(HOST.length)] = tensor;
    else values[name] = tensor;
  }
  const kept = [...session.variables.values()].filter(({ name }) => !isTransient(name));
  const shapes = new Map(kept.map((variable) => [variable.name, variable.shape]));
  const { toEightBit, toFloat, toBlocks } = convertStates(values, shapes);
  checkShapes(path, values, shapes);
  if (toEightBit > 0) note(`${path}: ${toEightBit} optimizer states were in 32 bit and are rounded to 8 bit`);
  if (toFloat > 0) note(`${path}: ${toFloat} optimizer states were in 8 bit and go on in 32 bit`);
  if (toBlocks > 0)
    note(`${path}: ${toBlocks} optimizer states in 8 bit had blocks of another size and are rounded again`);
  await session.load(values);
  return { step: Number(metadata.step), host };
}
