import { type Network, type Scope, type SslContext, type Tensor, updateEma, type Variable } from '../../src/index.js';

/** A network in training with a head behind it. */
export interface Headed<H> {
  network: Network;
  head: H;
  /** Features [rows, frames, bins] to embeddings [rows, size]. */
  embed(features: Tensor): Tensor;
  /** The weights of both. */
  weights: Variable[];
}

/**
 * A student and its teacher: the same layers, from the same first values. Both run on the statistics of their own batches.
 * `head` builds what follows the embedding.
 */
export function teacherStudent<H>(
  { backbone, scope }: Pick<SslContext<unknown>, 'backbone' | 'scope'>,
  head: (scope: Scope, inputs: number) => H,
) {
  const headed = (name: string): Headed<H> => {
    const network = backbone(name);
    const own = scope(`${name}/head`, 'head');
    return {
      network,
      head: head(own, network.embeddingSize),
      embed: (features) => network.embed(features, { training: true }),
      weights: [...network.scope.params(), ...own.params()],
    };
  };
  const [student, teacher] = [headed('student'), headed('teacher')];
  return {
    student,
    teacher,
    /** The better one first: it is exported. */
    networks: { teacher: teacher.network, student: student.network },
    /** Moves the teacher's weights towards the student's; running statistics are each network's own. */
    follow: (momentum: Tensor) => updateEma(teacher.weights, student.weights, momentum),
  };
}
