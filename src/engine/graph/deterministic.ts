import { UserError } from '../../errors.js';
import { beyondCApi, libraryLoaded } from './c-api.js';

/** TensorFlow reads it once. */
const VARIABLE = 'TF_DETERMINISTIC_OPS';

/**
 * Asks TensorFlow for operations that give the same bits every time on a GPU, too; on a CPU they do in any case. It holds for the whole process,
 * and has to come before the library's first operation.
 * @throws UserError where the library has been loaded without it
 */
export function askForDeterminism(): void {
  if (!libraryLoaded()) process.env[VARIABLE] = '1';
  else if (determinismInForce() === false) tooLate();
}

function tooLate(): never {
  throw new UserError(
    `deterministic: true comes too late: TensorFlow was loaded without it in this process. Set ${VARIABLE}=1 before it starts, or start another.`,
  );
}

/** What the environment of this process asks for. */
export const determinismAsked = (env: NodeJS.ProcessEnv = process.env): boolean =>
  /^(1|true)$/i.test(env[VARIABLE] ?? '');

/** What the library does; loads it. Null where it does not tell. */
export function determinismInForce(): boolean | null {
  return beyondCApi('bool _ZN3tsl21OpDeterminismRequiredEv()')?.() ?? null;
}
