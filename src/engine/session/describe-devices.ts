import { cApi } from '../graph/c-api.js';
import { computeType } from './compute-type.js';
import { type Device, openSession } from './session.js';
import type { SessionOptions } from './session-config.js';

/** The devices that TensorFlow finds on this machine, and the one that a session would use. */
export interface DeviceDescription {
  tensorflow: string;
  /** `CPU` or `GPU`. */
  used: string;
  devices: Device[];
  /** True where training in bfloat16 is faster. */
  bfloat16: boolean;
}

/** Opens a session to find out; throws UserError when a GPU is asked for and none is usable. */
export async function describeDevices(device: SessionOptions['device'] = 'auto'): Promise<DeviceDescription> {
  const session = openSession({ device });
  try {
    const { devices } = session;
    const used = devices.some(({ type }) => type === 'GPU') ? 'GPU' : 'CPU';
    const bfloat16 = (await computeType({ device, tf32: true }, 'auto')) === 'bfloat16';
    return { tensorflow: cApi().Version(), used, devices, bfloat16 };
  } finally {
    await session.close();
  }
}
