/** Runs `act` when it is the turn of those that want this setting. */
export type TakeTurn = <T>(setting: boolean, act: () => Promise<T>) => Promise<T>;

/** Runs that go together, for they want the same setting. */
interface Turn {
  setting: boolean;
  /** Settles when the runs of the turn before have ended and the setting is made. */
  begun: Promise<void>;
  underWay: Set<Promise<unknown>>;
}

/**
 * Lets runs share a setting of the whole process: those that want the same one go together, and one that wants another waits for those before
 * it. Whoever comes later waits behind it, so that nobody waits for ever.
 */
export function createTurns(set: (setting: boolean) => void): TakeTurn {
  let last: Turn | undefined;
  return (setting, act) => {
    if (last?.setting !== setting) last = turnAfter(last, setting, set);
    const { begun, underWay } = last;
    const result = begun.then(act);
    const settled = result.then(
      () => void underWay.delete(settled),
      () => void underWay.delete(settled),
    );
    underWay.add(settled);
    return result;
  };
}

function turnAfter(before: Turn | undefined, setting: boolean, set: (setting: boolean) => void): Turn {
  const begun = Promise.all(before?.underWay ?? []).then(() => set(setting));
  return { setting, begun, underWay: new Set() };
}
