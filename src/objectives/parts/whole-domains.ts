import { type Seen, type Tensor, tf, wholeBatchRows } from '../../index.js';

/** The rows of source and target of the whole batch, whichever worker has them; [rows, size] each. */
export function wholeDomains({ output, sources }: Pick<Seen, 'output' | 'sources'>): [source: Tensor, target: Tensor] {
  const [source, target] = tf.split(output, [sources, output.shape[0]! - sources], 0);
  return [wholeBatchRows(source), wholeBatchRows(target)];
}
