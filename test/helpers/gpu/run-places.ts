import type { Compiled, Inputs, Outputs } from '../../../src/engine/session/compile.js';
import type { Session } from '../../../src/engine/session/session.js';
import type { SessionOptions } from '../../../src/engine/session/session-config.js';
import { withSession } from '../session.js';
import { type Placement, placeOnGpu } from './placement.js';

/** Ends a run before it computes. */
class OnlyTraced extends Error {}

/** A session that traces as on a GPU, and computes nothing. */
export function withGpuTracing<T>(act: (session: Session) => Promise<T> | T, options: SessionOptions = {}): Promise<T> {
  return withSession((session) => act(Object.assign(session, { onGpu: true })), options);
}

/** Where a GPU would run one call of a compiled function, and what it would copy. */
export async function placementOf(
  session: Session,
  compiled: Compiled<Inputs, Outputs>,
  inputs: Inputs,
): Promise<Placement> {
  const { run, graph } = session;
  let placement: Placement | undefined;
  session.run = async ({ feeds, fetches, targets }) => {
    placement = placeOnGpu(graph, {
      feeds: feeds.map(([{ operation }]) => operation),
      fetches: fetches.map(({ operation }) => operation),
      targets: targets.map(graph.indexOf),
    });
    throw new OnlyTraced();
  };
  try {
    await compiled(inputs);
  } catch (error) {
    if (!(error instanceof OnlyTraced)) throw error;
  } finally {
    session.run = run;
  }
  return placement!;
}
