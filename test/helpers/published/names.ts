/** From a path in voxloop to a module of a published state dict: the first pattern that fits a whole path counts. */
type Rule = [pattern: string, module: string | ((...numbers: number[]) => string)];

/** Where a published implementation keeps a network's weights. */
export interface PublishedNames {
  rules: readonly Rule[];
  /**
   * The layer behind a flattened map of `rows` rows of frequency, in `parts` (mean and deviation): published implementations keep the rows
   * of a channel together, voxloop the channels of a row.
   */
  flattened?: { path: string; rows: number; parts: number };
  /** Layers that are the columns from `from` of a published one with `of` columns. */
  columns?: Readonly<Record<string, { from: number; of: number }>>;
  /** Running means from which a published bias in front of them is taken away: voxloop has none there. */
  biasInMean?: Readonly<Record<string, string>>;
}

const LEAVES: Readonly<Record<string, string>> = {
  weight: 'weight',
  bias: 'bias',
  scale: 'weight',
  offset: 'bias',
  mean: 'running_mean',
  variance: 'running_var',
};

/** The published name of a variable, `path/leaf` below the network's scope. */
export function publishedName({ rules }: PublishedNames, variable: string): string {
  const cut = variable.lastIndexOf('/');
  const [path, leaf] = [variable.slice(0, cut), variable.slice(cut + 1)];
  for (const [pattern, module] of rules) {
    const match = new RegExp(`^${pattern}$`).exec(path);
    if (!match) continue;
    const replaced =
      typeof module === 'string' ? path.replace(match[0], module) : module(...match.slice(1).map(Number));
    return `${replaced}.${LEAVES[leaf]}`;
  }
  throw new Error(`no rule names '${variable}'`);
}

/** voxloop's own paths. */
export const ownNames: PublishedNames = { rules: [['.+', '$&']] };

const statistics = (path: string, rows: number) => ({ path, rows, parts: 2 });

/** WeSpeaker's ResNets over maps of `rows` rows in the end. */
export const resnetNames = (rows: number): PublishedNames => ({
  rules: [
    ['stem', 'conv1'],
    ['stem-norm', 'bn1'],
    ['stage(\\d)/block(\\d+)/conv(\\d)', (stage, block, n) => `layer${stage}.${block - 1}.conv${n}`],
    ['stage(\\d)/block(\\d+)/norm(\\d)', (stage, block, n) => `layer${stage}.${block - 1}.bn${n}`],
    ['stage(\\d)/block(\\d+)/shortcut/conv', (stage, block) => `layer${stage}.${block - 1}.shortcut.0`],
    ['stage(\\d)/block(\\d+)/shortcut/norm', (stage, block) => `layer${stage}.${block - 1}.shortcut.1`],
    ['embedding', 'seg_1'],
  ],
  flattened: statistics('embedding', rows),
});

/** WeSpeaker's Gemini DF-ResNets over maps of `rows` rows in the end. */
export const dfResnetNames = (rows: number): PublishedNames => ({
  rules: [
    ['stem', 'downsample_layers.0.0'],
    ['stem-norm', 'downsample_layers.0.1'],
    ['stage(\\d)/downsample/conv', (stage) => `downsample_layers.${stage}.0`],
    ['stage(\\d)/downsample/norm', (stage) => `downsample_layers.${stage}.1`],
    ['stage(\\d)/block(\\d+)/conv(\\d)', (stage, block, n) => `stages.${stage - 1}.${block - 1}.conv${n}`],
    ['stage(\\d)/block(\\d+)/norm(\\d)', (stage, block, n) => `stages.${stage - 1}.${block - 1}.bn${n}`],
    ['embedding', 'seg_1'],
  ],
  flattened: statistics('embedding', rows),
});

const repvggStage = (stage: number, block: number) => (stage === 0 ? 'stage0' : `stage${stage}.${block - 1}`);

/** WeSpeaker's RepVGG in its training form. */
export const repvggNames: PublishedNames = {
  rules: [
    ['stage(\\d)/block(\\d+)/conv3', (stage, block) => `${repvggStage(stage, block)}.rbr_dense.conv`],
    ['stage(\\d)/block(\\d+)/conv3/norm', (stage, block) => `${repvggStage(stage, block)}.rbr_dense.bn`],
    ['stage(\\d)/block(\\d+)/conv1', (stage, block) => `${repvggStage(stage, block)}.rbr_1x1.conv`],
    ['stage(\\d)/block(\\d+)/conv1/norm', (stage, block) => `${repvggStage(stage, block)}.rbr_1x1.bn`],
    ['stage(\\d)/block(\\d+)/identity/norm', (stage, block) => `${repvggStage(stage, block)}.rbr_identity`],
    ['embedding', 'seg'],
  ],
  flattened: statistics('embedding', 10),
};

/** Two blocks make a layer of the front's. */
const campplusFront = (block: number) => `head.layer${Math.ceil(block / 2)}.${(block + 1) % 2}`;
const campplusDense = (block: number, layer: number) => `xvector.block${block}.tdnnd${layer}`;

/** CAM++ of WeSpeaker and 3D-Speaker. */
export const campplusNames: PublishedNames = {
  rules: [
    ['front/first/conv', 'head.conv1'],
    ['front/first/norm', 'head.bn1'],
    ['front/block(\\d)/first/conv', (block) => `${campplusFront(block)}.conv1`],
    ['front/block(\\d)/first/norm', (block) => `${campplusFront(block)}.bn1`],
    ['front/block(\\d)/conv', (block) => `${campplusFront(block)}.conv2`],
    ['front/block(\\d)/norm', (block) => `${campplusFront(block)}.bn2`],
    ['front/block(\\d)/shortcut/conv', (block) => `${campplusFront(block)}.shortcut.0`],
    ['front/block(\\d)/shortcut/norm', (block) => `${campplusFront(block)}.shortcut.1`],
    ['front/last/conv', 'head.conv2'],
    ['front/last/norm', 'head.bn2'],
    ['reduce/conv', 'xvector.tdnn.linear'],
    ['reduce/norm', 'xvector.tdnn.nonlinear.batchnorm'],
    ['dense(\\d)/layer(\\d+)/narrow/norm', (...at) => `${campplusDense(at[0], at[1])}.nonlinear1.batchnorm`],
    ['dense(\\d)/layer(\\d+)/narrow/conv', (...at) => `${campplusDense(at[0], at[1])}.linear1`],
    ['dense(\\d)/layer(\\d+)/norm', (...at) => `${campplusDense(at[0], at[1])}.nonlinear2.batchnorm`],
    ['dense(\\d)/layer(\\d+)/local', (...at) => `${campplusDense(at[0], at[1])}.cam_layer.linear_local`],
    ['dense(\\d)/layer(\\d+)/mask/squeeze', (...at) => `${campplusDense(at[0], at[1])}.cam_layer.linear1`],
    ['dense(\\d)/layer(\\d+)/mask/excite', (...at) => `${campplusDense(at[0], at[1])}.cam_layer.linear2`],
    ['dense(\\d)/halve/norm', (block) => `xvector.transit${block}.nonlinear.batchnorm`],
    ['dense(\\d)/halve/conv', (block) => `xvector.transit${block}.linear`],
    ['norm', 'xvector.out_nonlinear.batchnorm'],
    ['embedding', 'xvector.dense.linear'],
    ['embedding-norm', 'xvector.dense.nonlinear.batchnorm'],
  ],
  flattened: { path: 'reduce/conv', rows: 10, parts: 1 },
};

/** Attentive statistics over `channels`: columns of mean and deviation, where the attention sees them, are a layer of their own in voxloop. */
const attentiveColumns = (channels: number, globalContext: boolean) =>
  globalContext
    ? {
        'pooling/inner': { from: 0, of: 3 * channels },
        'pooling/context': { from: channels, of: 3 * channels },
      }
    : undefined;

const attentiveRules: Rule[] = [
  ['pooling/(?:inner|context)', 'pool.linear1'],
  ['pooling/outer', 'pool.linear2'],
];

/** WeSpeaker's ECAPA-TDNNs. */
export const ecapaNames = (globalContext: boolean): PublishedNames => ({
  rules: [
    ['first/conv', 'layer1.conv'],
    ['first/norm', 'layer1.bn'],
    ['block(\\d)/before/conv', (block) => `layer${block + 1}.se_res2block.0.conv`],
    ['block(\\d)/before/norm', (block) => `layer${block + 1}.se_res2block.0.bn`],
    ['block(\\d)/res2/group(\\d)/conv', (block, group) => `layer${block + 1}.se_res2block.1.convs.${group - 1}`],
    ['block(\\d)/res2/group(\\d)/norm', (block, group) => `layer${block + 1}.se_res2block.1.bns.${group - 1}`],
    ['block(\\d)/after/conv', (block) => `layer${block + 1}.se_res2block.2.conv`],
    ['block(\\d)/after/norm', (block) => `layer${block + 1}.se_res2block.2.bn`],
    ['block(\\d)/se/squeeze', (block) => `layer${block + 1}.se_res2block.3.linear1`],
    ['block(\\d)/se/excite', (block) => `layer${block + 1}.se_res2block.3.linear2`],
    ['aggregate', 'conv'],
    ...attentiveRules,
    ['pooling-norm', 'bn'],
    ['embedding', 'linear'],
    ['embedding-norm', 'bn2'],
  ],
  columns: attentiveColumns(1536, globalContext),
  biasInMean: { 'embedding-norm/mean': 'linear.bias' },
});

/** WeSpeaker's x-vector. */
export const xvectorNames: PublishedNames = {
  rules: [
    ['frame(\\d)/conv', (frame) => `frame_${frame}.conv_1d`],
    ['frame(\\d)/norm', (frame) => `frame_${frame}.bn`],
    ['segment1', 'seg_1'],
    ['segment1-norm', 'seg_bn_1'],
    ['segment2', 'seg_2'],
  ],
};

/** WeSpeaker's attentive statistics pooling over `channels`, at 'pooling'. */
export const astpNames = (channels: number, globalContext: boolean): PublishedNames => ({
  rules: attentiveRules,
  columns: attentiveColumns(channels, globalContext),
});

/** 3D-Speaker's (SpeechBrain's) attentive statistics pooling, at 'pooling'. */
export const normedAstpNames: PublishedNames = {
  rules: [
    ['pooling/inner', 'pool.tdnn.conv.conv'],
    ['pooling/norm', 'pool.tdnn.norm.norm'],
    ['pooling/outer', 'pool.conv.conv'],
  ],
};

/** WeSpeaker's multi-head and multi-query poolings, at 'pooling'. */
export const multiHeadNames: PublishedNames = {
  rules: [
    ['pooling/head(\\d)/layer(\\d)', (head, layer) => `pool.heads_att_trans.${head - 1}.att_${layer - 1}`],
    [
      'pooling/query(\\d)/head(\\d)/layer(\\d)',
      (query, head, layer) => `pool.n_query.${query - 1}.heads_att_trans.${head - 1}.att_${layer - 1}`,
    ],
  ],
};
