/** Results that arrive in any order and are taken in the order of their steps. */
export interface StepQueue<T> {
  put(step: number, value: T): void;
  /** Makes this step and all later ones fail; the earlier ones are still to come. */
  fail(step: number, error: Error): void;
  /** The result of a step, once it is there; each step is taken once. */
  take(step: number): Promise<T>;
  failed(): boolean;
}

interface Waiter<T> {
  resolve(value: T): void;
  reject(error: Error): void;
}

/** `onWait` is called when somebody begins to wait (true) and when nobody waits any more (false). */
export function createStepQueue<T>(onWait: (waiting: boolean) => void): StepQueue<T> {
  const ready = new Map<number, T>();
  const waiters = new Map<number, Waiter<T>>();
  let failure: { step: number; error: Error } | undefined;

  const waiterOf = (step: number): Waiter<T> | undefined => {
    const waiter = waiters.get(step);
    if (waiters.delete(step) && waiters.size === 0) onWait(false);
    return waiter;
  };
  return {
    put(step, value) {
      const waiter = waiterOf(step);
      if (waiter) waiter.resolve(value);
      else ready.set(step, value);
    },
    fail(step, error) {
      if (failure && failure.step <= step) return;
      failure = { step, error };
      for (const waiting of [...waiters.keys()]) if (waiting >= step) waiterOf(waiting)?.reject(error);
    },
    take(step) {
      if (failure && step >= failure.step) return Promise.reject(failure.error);
      if (ready.has(step)) {
        const value = ready.get(step)!;
        ready.delete(step);
        return Promise.resolve(value);
      }
      return new Promise((resolve, reject) => {
        waiters.set(step, { resolve, reject });
        if (waiters.size === 1) onWait(true);
      });
    },
    failed: () => failure !== undefined,
  };
}
