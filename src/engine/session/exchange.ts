import { float32, int32 } from '../../host-tensor.js';
import type { Tensor } from '../tf.js';
import { reduced } from '../workers/collectives.js';
import type { WorkerGroup } from '../workers/group.js';
import { openSession } from './session.js';

/** Arrays that processes add up between pieces of work that each does alone. All must call the same, in the same order. */
export interface Exchange {
  /** This process's number, from 0, and how many there are. */
  readonly rank: number;
  readonly count: number;
  /**
   * The sum over all processes, of arrays of one length; all get the same bits. Where each value is zero in all processes but one, it comes
   * through as it is. When one of the processes was asked to stop, all are told so here, by their signal.
   */
  sum<A extends Float32Array | Int32Array>(values: A): Promise<A>;
  /** Does work with sums in it: meanwhile a process that hangs is noticed, and all stop together, when a sum has told them. */
  during<T>(act: () => Promise<T>): Promise<T>;
}

/**
 * Opens an exchange between the processes of a group, and closes it whatever happens.
 * @param threads as of this process's other sessions
 */
export async function withExchange<T>(
  workers: WorkerGroup,
  threads: number,
  act: (exchange: Exchange) => Promise<T>,
): Promise<T> {
  const session = openSession({ device: 'cpu', threads, workers });
  const add = session.compile('exchange', ({ values, stop }: Record<string, Tensor>) => ({
    sum: reduced(values),
    stops: reduced(stop),
  }));
  const { rank, count } = workers;
  const exchange: Exchange = {
    rank,
    count,
    async sum<A extends Float32Array | Int32Array>(values: A) {
      const given = values instanceof Int32Array ? int32(values) : float32(values as Float32Array);
      const { sum, stops } = await add({ values: given, stop: int32([workers.stopWanted() ? 1 : 0]) });
      if (Number(stops.data[0]) > 0) workers.stopAgreed();
      return sum.data as A;
    },
    async during(act) {
      workers.begin();
      try {
        return await act();
      } finally {
        workers.end();
      }
    },
  };
  try {
    return await act(exchange);
  } finally {
    await session.close();
  }
}

/** The values of the first process, in all of them. */
export const fromFirst = ({ rank, sum }: Exchange, values: Float32Array): Promise<Float32Array> =>
  sum(rank === 0 ? values : new Float32Array(values.length));
