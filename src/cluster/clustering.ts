/** The result of a clustering: a cluster for each row, with centres. */
export interface Clustering {
  /** [rows] the cluster of each row, from 0; -1 for a row that belongs to none. */
  labels: Int32Array;
  clusters: number;
  iterations: number;
  /**
   * Sum over the rows of the squared Euclidean distance to their centre, as scikit-learn and faiss define it. By cosine it is
   * taken between unit rows and unit centres, so that a row adds 2 (1 - cosine).
   */
  inertia: number;
  /** [clusters, size] row-major; of length 1 each when clustered by cosine. */
  centers: Float32Array;
}
