import { endWithParent } from '../../engine/workers/end-with-parent.js';

/**
 * Has this worker end when its supervisor does, however that ends: nobody would notice if it hung, and it holds its place in the run. Call it
 * before anything that takes time: a supervisor may be killed while its workers start.
 */
export function endWithSupervisor(): void {
  const end = () => process.kill(process.pid, 'SIGKILL');
  process.on('disconnect', end);
  endWithParent();
  // It may have been gone before anybody listened, and before the kernel was asked.
  if (!process.connected) end();
}
