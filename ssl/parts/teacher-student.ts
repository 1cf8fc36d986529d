import { type Network, type Scope, type SslContext, type Tensor, updateEma, type Variable } from '../../src/index.js';

/** A network in training with a head behind it. */
export interface NetworkWithHead<H> {
  network: Network;
  head: H;
  /** Features [rows, frames, bins] to embeddings [rows, size]. */
  embed(features: Tensor): Tensor;
  /** The weights of both. */
  weights: Variable[];
}

/**
 * A student and its teacher: the same layers, with the same first values. Both run on the statistics of their own batches.
 * `createHead` builds what follows the embedding.
 */
export function teacherStudent<H>(
  { backbone, scope }: Pick<SslContext<unknown>, 'backbone' | 'scope'>,
  createHead: (scope: Scope, inputs: number) => H,
) {
  const withHead = (name: string): NetworkWithHead<H> => {
    const network = backbone(name);
    const headScope = scope(`${name}/head`, 'head');
    return {
      network,
      head: createHead(headScope, network.embeddingSize),
      embed: (features) => network.embed(features, { training: true }),
      weights: [...network.scope.params(), ...headScope.params()],
    };
  };
  const [student, teacher] = [withHead('student'), withHead('teacher')];
  return {
    student,
    teacher,
    /** The better of the two first: it is exported. */
    networks: { teacher: teacher.network, student: student.network },
    /** Moves the teacher's weights towards the student's; each network keeps its own running statistics. */
    updateTeacher: (momentum: Tensor) => updateEma(teacher.weights, student.weights, momentum),
  };
}
