import type { Session } from '../../../src/engine/session/session.js';
import { type Tensor, tf } from '../../../src/engine/tf.js';
import type { Variable } from '../../../src/engine/variable.js';
import { float32, type HostTensor, int32 } from '../../../src/host-tensor.js';
import { createScope } from '../../../src/nn/scope.js';
import type { LossPlugin } from '../../../src/plugin/kinds.js';
import { type Rows, rowsOf } from '../oracles/losses.js';

/** Sizes of a loss in a test. */
export const [SIZE, CLASSES] = [4, 5];

export const plain = (tensor?: HostTensor) => tensor!.data as Float32Array;
/** The rows of a matrix. */
export const rows = (tensor: HostTensor) => rowsOf(plain(tensor), tensor.shape[1]);
export const matrix = (values: Rows): HostTensor => float32(values.flat(), [values.length, values[0].length]);

/** A batch, and where the training stands: by default at its start, with all of the margin. */
export interface LossInput {
  x: HostTensor;
  labels: readonly number[];
  step?: number;
  margin?: number;
}

/** Builds a loss with options as a config gives them, at the scope 'head'. */
export function openLoss(
  session: Session,
  plugin: unknown,
  overrides: Record<string, unknown> = {},
  classes = CLASSES,
) {
  const { options, build } = plugin as LossPlugin;
  const scope = createScope(session, 'head', 1);
  const head = build({ scope, embeddingSize: SIZE, classes, options: options.parse(overrides) });
  const compiled = session.compile('run', ({ x, labels, step, margin }: Record<string, Tensor>) => ({
    ...head.losses(x, labels, { step, margin }),
    gradient: tf.grad((at: Tensor) => head.losses(at, labels, { step, margin }).losses)(x),
  }));
  const note = session.compile('note', ({ x, labels, counts }: Record<string, Tensor>) => {
    head.note!(x, labels, counts);
    return {};
  });
  const variables = Object.fromEntries(scope.params().map((variable) => [variable.name.slice(5), variable]));
  return {
    head,
    variables,
    /** `losses`, `plain`, `scores` where the loss has them, and the gradient of the losses' sum in `x`. */
    run({ x, labels, step = 0, margin = 1 }: LossInput): Promise<Record<string, HostTensor>> {
      return compiled({ x, labels: int32([...labels]), step, margin });
    },
    /** Tells the loss of a batch that was trained on, of which some samples counted. */
    note: (x: HostTensor, labels: readonly number[], counted: readonly boolean[]) =>
      note({ x, labels: int32([...labels]), counts: float32(counted.map(Number)) }),
    /** Values of the weights. */
    weights: () => session.save(Object.values(variables).map(({ name }) => name)),
    load: (values: Record<string, HostTensor>) =>
      session.load(Object.fromEntries(Object.entries(values).map(([name, value]) => [`head/${name}`, value]))),
    /** For a check of gradients: everything the losses depend on, and the losses. */
    differentiable(x: Variable) {
      const forward = ({ labels }: Record<string, Tensor>): Tensor => {
        const { losses, beside } = head.losses(x.read(), labels, { step: tf.scalar(0), margin: tf.scalar(1) });
        return beside ? tf.add(losses, beside) : losses;
      };
      return { variables: [x, ...scope.params()], forward };
    },
  };
}
