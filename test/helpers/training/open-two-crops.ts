import type { Session } from '../../../src/engine/session/session.js';
import type { Tensor } from '../../../src/engine/tf.js';
import type { SslPlugin } from '../../../src/plugin/kinds.js';
import { identityBackbone, sslContext } from './ssl-parts.js';

/** A method of two global crops on embeddings of `size` that are given as features, without a projector; and its loss and metrics compiled. */
export function openTwoCrops(
  session: Session,
  plugin: Pick<SslPlugin, 'build' | 'options'>,
  { size, batch }: { size: number; batch: number },
  overrides: Record<string, unknown> = {},
) {
  const context = sslContext(session, 1, identityBackbone(size));
  const method = plugin.build({ ...context, options: plugin.options.parse({ projection: [], ...overrides }) });
  const loss = (global: Tensor) => method.loss({ batch, global, local: null }, {});
  const run = session.compile('run', ({ global }: Record<string, Tensor>) => {
    const { loss: value, metrics } = loss(global);
    return { loss: value, ...metrics };
  });
  return { method, loss, run };
}
