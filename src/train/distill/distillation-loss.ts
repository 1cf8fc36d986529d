import type { Tensor } from '../../engine/tf.js';

/**
 * What a distillation loss compares: `vectors`, a layer's outputs for each row (frame or utterance); `relations`, the outputs of the
 * utterances of a batch among each other, so that sizes may differ; `scores`, both classifiers' scores of all classes.
 */
export type Compared = 'vectors' | 'relations' | 'scores';

/**
 * The difference between a student and its teacher, a scalar: from `student` and `teacher`, each [rows, size], of equal sizes but for
 * relations. `labels` [rows] (int32) are there where the loss said that it needs them. The teacher's rows are constants.
 */
export type DistillationLoss = (student: Tensor, teacher: Tensor, labels: Tensor | undefined) => Tensor;
