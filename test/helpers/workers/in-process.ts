import { openSession, type Session } from '../../../src/engine/session/session.js';
import type { SessionOptions } from '../../../src/engine/session/session-config.js';
import { createGroup, type WorkerGroup } from '../../../src/engine/workers/group.js';
import { startServer } from '../../../src/engine/workers/server.js';
import { freePorts } from '../../../src/pipeline/workers/free-ports.js';

/** Several workers in this one process, each with a server of its own. */
export async function openGroups(count: number, more: Partial<WorkerGroup> = {}): Promise<WorkerGroup[]> {
  const addresses = (await freePorts(count)).map((port) => `127.0.0.1:${port}`);
  return addresses.map((_, rank) => {
    const own = { addresses, rank, threads: 1, sources: [] };
    const target = startServer({ ...own, unfiltered: 'refuse', portsNamed: false });
    return createGroup({ rank, count, target, timeoutSeconds: 60, ...more });
  });
}

/** Runs the same work in a session of every worker, all at once; returns what each made of it. */
export async function inEveryWorker<T>(
  groups: readonly WorkerGroup[],
  act: (session: Session, group: WorkerGroup) => Promise<T>,
  options: SessionOptions = {},
): Promise<T[]> {
  const sessions = groups.map((workers) => openSession({ device: 'cpu', threads: 1, ...options, workers }));
  try {
    return await Promise.all(sessions.map((session, rank) => act(session, groups[rank])));
  } finally {
    await Promise.all(sessions.map((session) => session.close()));
  }
}
