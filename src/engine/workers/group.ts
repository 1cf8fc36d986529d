/** The processes that work together, each on a part, as one of them sees them. */
export interface WorkerGroup {
  /** This process's number, from 0. */
  readonly rank: number;
  /** Number of processes. */
  readonly count: number;
  /** How many of them share the memory of its device: a machine's, or a GPU's. */
  readonly sharing: number;
  /** TensorFlow's server in this process, as sessions address it. */
  readonly target: string;
  /** Type in which gradients travel; they are added up in it, too. */
  readonly wire: 'float32' | 'bfloat16';
  /** Seconds that a collective operation waits for the others before it fails; a run that holds some has twice as many. */
  readonly timeoutSeconds: number;
  /** A number that no other collective operation of the group has; all processes must ask in the same order. */
  nextKey(): number;
  /** True when this process was asked to stop. */
  stopWanted(): boolean;
  /** Called at the start of a training: until its end, a process that is asked to stop does so when a step has told all of them. */
  begin(): void;
  end(): void;
  /**
   * Called at the start and end of a share of work without collective operations: meanwhile a process that gives no sign of life counts as
   * hanging, and one that is asked to stop does so at once.
   */
  working(busy: boolean): void;
  /** Called when a step has told all processes that one of them was asked to stop. */
  stopAgreed(): void;
}

/** The part of a group that is chosen; see {@link WorkerGroup}. */
export type GroupOptions = Pick<WorkerGroup, 'rank' | 'count' | 'target'> &
  Partial<Omit<WorkerGroup, 'rank' | 'count' | 'target' | 'nextKey'>>;

/** A group whose keys start from 1. */
export function createGroup(options: GroupOptions): WorkerGroup {
  let last = 0;
  return {
    sharing: options.count,
    wire: 'float32',
    timeoutSeconds: 300,
    stopWanted: () => false,
    begin: () => {},
    end: () => {},
    working: () => {},
    stopAgreed: () => {},
    ...options,
    nextKey: () => ++last,
  };
}
