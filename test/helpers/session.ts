import { openSession, type Session } from '../../src/engine/session/session.js';
import type { SessionOptions } from '../../src/engine/session/session-config.js';

/** Opens a session on the CPU, hands it to `act` and closes it, whatever happens. */
export async function withSession<T>(
  act: (session: Session) => Promise<T> | T,
  options: SessionOptions = {},
): Promise<T> {
  const session = openSession({ device: 'cpu', ...options });
  try {
    return await act(session);
  } finally {
    await session.close();
  }
}
