import { UserError } from '../errors.js';
import { tensorflow } from './backend.js';
import { intAttr } from './graph/attributes.js';
import { TensorFlowError } from './graph/c-api.js';
import { raw, rawOperation } from './raw.js';
import type { Tensor } from './tf.js';
import { currentTrace, withControls } from './trace.js';
import { reduced } from './workers/collectives.js';

/** A step that was refused before it changed anything, because a value was not finite. */
export class NotFiniteError extends UserError {}

/**
 * While tracing: whatever is added from here on, updates above all, runs only when every number of `tensors` is finite; otherwise
 * the run throws a NotFiniteError that names the first few, and no variable has changed. Ask once in a function. Where several workers run
 * it, all of them are refused when one of them has such a number; ask when nothing is to be heard of the others any more.
 */
export function requireFinite(tensors: Readonly<Record<string, Tensor>>): void {
  const trace = currentTrace();
  if (trace.guarded) throw new Error(`'${trace.name}' checks for finite values twice`);
  trace.guarded = Object.keys(tensors);
  // Half the sum of squares: one pass over each tensor, without a copy of it.
  const energies = Object.values(tensors).map((tensor) => raw('L2Loss', [tensor])[0]);
  const own = tensorflow.stack(energies);
  const all = trace.workers ? reduced(own) : own;
  const sound = raw('IsFinite', [tensorflow.sum(all)])[0];
  // A refused run ends every operation that waits for other workers, and theirs: it waits until none does.
  const { operation } = withControls(trace.collectives, () =>
    rawOperation('Assert', [sound, all], [intAttr('summarize', energies.length)]),
  );
  trace.controls = [...trace.controls, operation];
}

/** The error of a refused run, from TensorFlow's message about the failed assertion; undefined for any other message. */
export function notFinite(error: unknown, guarded: readonly string[] | undefined): NotFiniteError | undefined {
  if (!guarded || !(error instanceof TensorFlowError)) return undefined;
  const match = /assertion failed: \[([^\]]*)\]/.exec(error.detail);
  if (!match) return undefined;
  const energies = match[1].trim().split(/\s+/);
  const wrong = guarded.filter((_, i) => !Number.isFinite(Number(energies[i])));
  const values = guarded.flatMap((_, i) => (Number.isFinite(Number(energies[i])) ? [] : [energies[i]]));
  const kind = values.some((value) => /nan/i.test(value)) ? 'NaN' : 'too large for a float32';
  const more = wrong.length > 3 ? ` and ${wrong.length - 3} more` : '';
  return new NotFiniteError(`${wrong.slice(0, 3).join(', ')}${more} became ${kind}`);
}
