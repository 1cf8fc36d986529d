/** From a layer in voxloop to a module of a published state dict, in which $& is the layer: the first pattern that fits a whole path counts. */
export type NameRule = readonly [pattern: string, module: string | ((...numbers: number[]) => string)];

/** Where a published implementation keeps a network's weights, and how they differ from voxloop's. */
export interface PublishedNames {
  rules: readonly NameRule[];
  /**
   * The layer behind a flattened map of `rows` rows of frequency, in `parts` (mean and deviation): published implementations keep the rows
   * of a channel together, voxloop the channels of a row. Shapes agree either way.
   */
  flattened?: { path: string; rows: number; parts: number };
  /** Layers that are the columns from `from` of a published one with `of` columns. */
  columns?: Readonly<Record<string, { from: number; of: number }>>;
  /** Published names of single variables that no module's name leads to. */
  tensors?: Readonly<Record<string, string>>;
  /** Published vectors that are added to the one of a variable. */
  addends?: Readonly<Record<string, string>>;
  /** Axes of PyTorch's weights, by the first pattern that fits a whole layer: a layer over one frame may be linear or a convolution. */
  axes?: readonly (readonly [pattern: string, count: number])[];
  /** Kernels over time that are published as a direction and a length for each tap: weight normalisation, [length, direction] by variable. */
  weightNorm?: Readonly<Record<string, readonly [length: string, direction: string]>>;
  /** Matrices that are published as they are, such as tables. */
  untransposed?: readonly string[];
  /** Variables that are a published tensor of the module's name, and no part of a module. */
  bare?: readonly string[];
  /** Running means from which a published bias in front of them is taken away: voxloop has none there. */
  biasInMean?: Readonly<Record<string, string>>;
}

/** PyTorch's names of a layer's tensors. */
const LEAVES: Readonly<Record<string, string>> = {
  weight: 'weight',
  bias: 'bias',
  scale: 'weight',
  offset: 'bias',
  mean: 'running_mean',
  variance: 'running_var',
};

/** The published name of a variable `layer/leaf`, named below its network. */
export function publishedName({ rules, tensors, bare }: PublishedNames, variable: string): string {
  if (tensors && Object.hasOwn(tensors, variable)) return tensors[variable];
  const { layer, leaf } = partsOf(variable);
  for (const [pattern, module] of rules) {
    const match = new RegExp(`^${pattern}$`).exec(layer);
    if (!match) continue;
    const found = typeof module === 'string' ? layer.replace(layer, module) : module(...match.slice(1).map(Number));
    return bare?.includes(leaf) ? found : `${found}.${LEAVES[leaf]}`;
  }
  throw new Error(`no rule names '${variable}'`);
}

/** A variable's layer, and its own name in it. */
export function partsOf(variable: string): { layer: string; leaf: string } {
  const cut = variable.lastIndexOf('/');
  return { layer: variable.slice(0, cut), leaf: variable.slice(cut + 1) };
}
