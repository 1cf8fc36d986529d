import { UserError } from '../errors.js';
import { float32, type HostTensor } from '../host-tensor.js';
import type { Backbone } from '../nn/backbone.js';
import { countingScope } from '../nn/counting-scope.js';
import type { Scope } from '../nn/scope.js';
import type { Checkpoint, CheckpointTensor } from './checkpoint/checkpoint.js';
import { type PublishedTensor, type Recipe, recipeOf } from './names/layout.js';
import type { Source } from './sources/source.js';

/** Tensors that belong to a training and not to the network: counters, the classifier, and the scale of a loss. */
const LEFT_BEHIND =
  /(^|\.)num_batches_tracked$|^projection\.|^(loss|loss_func|validation_metric)\.|^similarity_(weight|bias)$/;

/**
 * The weights of a voxloop backbone from a published checkpoint, in its layout.
 * @throws UserError that names every tensor that is missing, has another shape, or has no place in the network
 */
export function convertWeights(
  checkpoint: Checkpoint,
  source: Source,
  build: (scope: Scope) => Backbone,
): Record<string, HostTensor> {
  const { scope, shapes } = countingScope();
  build(scope);
  const recipes = [...shapes()].map(([variable, shape]) => ({
    variable,
    shape,
    recipe: recipeOf(source.names, variable, shape),
  }));
  checkTensors(
    checkpoint,
    source,
    recipes.flatMap(({ recipe }) => recipe.from),
  );
  return Object.fromEntries(
    recipes.map(({ variable, shape, recipe }) => [variable, float32(makeOf(recipe, checkpoint, source), [...shape])]),
  );
}

function makeOf({ from, make }: Recipe, { path, tensors }: Checkpoint, { prefix = '' }: Source): Float32Array {
  return make(
    ...from.map(({ name }) => {
      const values = tensors.get(prefix + name)!.read();
      if (values.every(Number.isFinite)) return values;
      throw new UserError(
        `${path}: tensor ${prefix + name} holds numbers that are not finite. The training went wrong: take an earlier checkpoint.`,
      );
    }),
  );
}

/** The longest list of faults that is printed. */
const MOST_SHOWN = 20;

function checkTensors(
  { path, tensors, bytes }: Checkpoint,
  { name, prefix = '', beside }: Source,
  wanted: PublishedTensor[],
): void {
  const faults: string[] = [];
  // Both halves of an attention are columns of one tensor.
  const expected = new Map(wanted.map((tensor) => [prefix + tensor.name, tensor.shape]));
  let total = 0;
  for (const [key, shape] of expected) {
    const tensor = tensors.get(key);
    total += tensor?.bytes ?? 0;
    if (!tensor) faults.push(`${key} [${shape}] is missing`);
    else if (!sameShape(tensor, shape)) faults.push(`${key} is [${tensor.shape}], and [${shape}] is expected`);
  }
  for (const [key, { shape }] of tensors)
    if (!expected.has(key) && !LEFT_BEHIND.test(key) && !beside?.test(key))
      faults.push(`${key} [${shape}] has no place in the network`);
  if (faults.length > 0) {
    const more = faults.length > MOST_SHOWN ? `\n  and ${faults.length - MOST_SHOWN} more` : '';
    const list = faults.slice(0, MOST_SHOWN).map((fault) => `\n  ${fault}`);
    throw new UserError(
      `${path} does not hold the weights of ${name}:${list.join('')}${more}\nCheck that the settings beside it are its own.`,
    );
  }
  // Views of one block would otherwise become many times the file.
  if (total > bytes)
    throw new UserError(
      `${path}: its tensors share their numbers, which weights do not. Save the state_dict again with .clone().`,
    );
}

/** Axes of one element do not count: a linear layer may be a convolution over one frame. */
function sameShape({ shape }: CheckpointTensor, expected: readonly number[]): boolean {
  const wide = (sizes: readonly number[]) => sizes.filter((size) => size !== 1).join();
  return wide(shape) === wide(expected);
}
