/** A tensor of a checkpoint, whose numbers are read when they are asked for. */
export interface CheckpointTensor {
  shape: readonly number[];
  /** Its type in the file's own terms, for messages. */
  type: string;
  /** Bytes that its elements take in the file. */
  bytes: number;
  /** Its elements in row-major order as float32. @throws UserError where the file is damaged or they are no numbers of that kind */
  read(): Float32Array;
}

/** The weights of a published model, as far as they have been looked at. */
export interface Checkpoint {
  path: string;
  /** Bytes of the file. */
  bytes: number;
  tensors: ReadonlyMap<string, CheckpointTensor>;
  /** Texts and numbers beside the weights, by their keys from the outermost in: as the file's writer put them. */
  note(...keys: string[]): string | number | boolean | null | undefined;
}
