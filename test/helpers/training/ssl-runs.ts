import type { ExecutionContext } from 'ava';
import { differentiate } from '../../../src/engine/autodiff.js';
import type { Inputs } from '../../../src/engine/session/compile.js';
import type { Session } from '../../../src/engine/session/session.js';
import type { Tensor } from '../../../src/engine/tf.js';
import type { HostTensor } from '../../../src/host-tensor.js';
import type { SslMethod } from '../../../src/train/step/ssl-method.js';
import { checkVariableGradients, type GradientOptions } from '../finite-differences.js';

/** A method's loss on features that are inputs: `global` and, where it has any, `local`; the rest is the schedule. */
export const lossOn =
  (method: SslMethod, batch: number) =>
  ({ global, local, ...schedule }: Record<string, Tensor>) =>
    method.loss({ batch, global, local: local ?? null }, schedule);

/** Runs a method's loss once; returns the loss and its metrics. */
export async function runLoss(session: Session, method: SslMethod, batch: number, inputs: Inputs) {
  const run = session.compile('run', (tensors: Record<string, Tensor>) => {
    const { loss, metrics } = lossOn(method, batch)(tensors);
    return { loss, ...metrics };
  });
  const outputs: Record<string, HostTensor> = await run(inputs);
  return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, Number(data[0])]));
}

/** Checks the gradients in everything that is trained, and that nothing else in the session has one. */
export async function checkMethodGradients(
  t: ExecutionContext,
  session: Session,
  method: SslMethod,
  batch: number,
  inputs: Inputs,
  options: GradientOptions = {},
): Promise<void> {
  const loss = (tensors: Record<string, Tensor>) => lossOn(method, batch)(tensors).loss;
  const others = [...session.variables.values()].filter((variable) => !method.trained.includes(variable));
  const reach = session.compile('reach', (tensors: Record<string, Tensor>) => {
    const { gradients } = differentiate(() => ({ loss: loss(tensors), aux: {} }), others, true);
    t.deepEqual(
      gradients.map(({ variable }) => variable.name),
      [],
    );
    return {};
  });
  reach.trace(inputs);
  await checkVariableGradients(t, session, method.trained, inputs, loss, { samples: 10, ...options });
}
