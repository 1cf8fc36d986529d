import type { NameRule, PublishedNames } from './published-names.js';

// Names of WeSpeaker's networks (https://github.com/wenet-e2e/wespeaker), whose layouts voxloop's backbones share.

/** The embedding behind mean and deviation of a map of `rows` rows. */
const embeddingOf = (rows: number) => ({ path: 'embedding', rows, parts: 2 });

/** Two-dimensional convolutions, and a linear embedding. */
const MAP_AXES: PublishedNames['axes'] = [
  ['embedding', 2],
  ['.+', 4],
];

/** Residual networks of basic or bottleneck blocks, over maps of `rows` rows in the end. */
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
  axes: MAP_AXES,
  flattened: embeddingOf(rows),
});

/** Gemini DF-ResNets, over maps of `rows` rows in the end. */
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
  axes: MAP_AXES,
  flattened: embeddingOf(rows),
});

/** RepVGG's first stage is a block and not a list of blocks. */
const repvggBlock = (stage: number, block: number) => (stage === 0 ? 'stage0' : `stage${stage}.${block - 1}`);

/** RepVGG with its branches, over maps of `rows` rows in the end. */
export const repvggNames = (rows: number): PublishedNames => ({
  rules: [
    ['stage(\\d)/block(\\d+)/conv3', (stage, block) => `${repvggBlock(stage, block)}.rbr_dense.conv`],
    ['stage(\\d)/block(\\d+)/conv3/norm', (stage, block) => `${repvggBlock(stage, block)}.rbr_dense.bn`],
    ['stage(\\d)/block(\\d+)/conv1', (stage, block) => `${repvggBlock(stage, block)}.rbr_1x1.conv`],
    ['stage(\\d)/block(\\d+)/conv1/norm', (stage, block) => `${repvggBlock(stage, block)}.rbr_1x1.bn`],
    ['stage(\\d)/block(\\d+)/identity/norm', (stage, block) => `${repvggBlock(stage, block)}.rbr_identity`],
    ['embedding', 'seg'],
  ],
  axes: MAP_AXES,
  flattened: embeddingOf(rows),
});

/** Two blocks of the front make a layer. */
const front = (block: number) => `head.layer${Math.ceil(block / 2)}.${(block + 1) % 2}`;
const dense = (block: number, layer: number) => `xvector.block${block}.tdnnd${layer}`;

/** CAM++ of WeSpeaker and of 3D-Speaker, whose front leaves `rows` rows. */
export const campplusNames = (rows: number): PublishedNames => ({
  rules: [
    ['front/first/conv', 'head.conv1'],
    ['front/first/norm', 'head.bn1'],
    ['front/block(\\d)/first/conv', (block) => `${front(block)}.conv1`],
    ['front/block(\\d)/first/norm', (block) => `${front(block)}.bn1`],
    ['front/block(\\d)/conv', (block) => `${front(block)}.conv2`],
    ['front/block(\\d)/norm', (block) => `${front(block)}.bn2`],
    ['front/block(\\d)/shortcut/conv', (block) => `${front(block)}.shortcut.0`],
    ['front/block(\\d)/shortcut/norm', (block) => `${front(block)}.shortcut.1`],
    ['front/last/conv', 'head.conv2'],
    ['front/last/norm', 'head.bn2'],
    ['reduce/conv', 'xvector.tdnn.linear'],
    ['reduce/norm', 'xvector.tdnn.nonlinear.batchnorm'],
    ['dense(\\d)/layer(\\d+)/narrow/norm', (block, layer) => `${dense(block, layer)}.nonlinear1.batchnorm`],
    ['dense(\\d)/layer(\\d+)/narrow/conv', (block, layer) => `${dense(block, layer)}.linear1`],
    ['dense(\\d)/layer(\\d+)/norm', (block, layer) => `${dense(block, layer)}.nonlinear2.batchnorm`],
    ['dense(\\d)/layer(\\d+)/local', (block, layer) => `${dense(block, layer)}.cam_layer.linear_local`],
    ['dense(\\d)/layer(\\d+)/mask/squeeze', (block, layer) => `${dense(block, layer)}.cam_layer.linear1`],
    ['dense(\\d)/layer(\\d+)/mask/excite', (block, layer) => `${dense(block, layer)}.cam_layer.linear2`],
    ['dense(\\d)/halve/norm', (block) => `xvector.transit${block}.nonlinear.batchnorm`],
    ['dense(\\d)/halve/conv', (block) => `xvector.transit${block}.linear`],
    ['norm', 'xvector.out_nonlinear.batchnorm'],
    ['embedding', 'xvector.dense.linear'],
    ['embedding-norm', 'xvector.dense.nonlinear.batchnorm'],
  ],
  axes: [
    ['front/.+', 4],
    ['.+', 3],
  ],
  flattened: { path: 'reduce/conv', rows, parts: 1 },
});

/** Layers of an attention over `channels` that sees the utterance's mean and deviation: voxloop keeps those columns apart. */
export const contextColumns = (channels: number) => ({
  'pooling/inner': { from: 0, of: 3 * channels },
  'pooling/context': { from: channels, of: 3 * channels },
});

const attentionRules: NameRule[] = [
  ['pooling/(?:inner|context)', 'pool.linear1'],
  ['pooling/outer', 'pool.linear2'],
];

/** Attentive statistics pooling over `channels`, at 'pooling'. */
export const astpNames = (channels: number, globalContext: boolean): PublishedNames => ({
  rules: attentionRules,
  ...(globalContext && { columns: contextColumns(channels) }),
});

/** ECAPA-TDNN whose attention sees `aggregated` channels, with their global context or without. */
export const ecapaNames = (aggregated: number, globalContext: boolean): PublishedNames => ({
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
    ...attentionRules,
    ['pooling-norm', 'bn'],
    ['embedding', 'linear'],
    ['embedding-norm', 'bn2'],
  ],
  axes: [
    ['embedding|.+/se/.+', 2],
    ['.+', 3],
  ],
  ...(globalContext && { columns: contextColumns(aggregated) }),
  biasInMean: { 'embedding-norm/mean': 'linear.bias' },
});

/** The x-vector. */
export const xvectorNames: PublishedNames = {
  rules: [
    ['frame(\\d)/conv', (frame) => `frame_${frame}.conv_1d`],
    ['frame(\\d)/norm', (frame) => `frame_${frame}.bn`],
    ['segment1', 'seg_1'],
    ['segment1-norm', 'seg_bn_1'],
    ['segment2', 'seg_2'],
  ],
  axes: [
    ['segment\\d', 2],
    ['.+', 3],
  ],
};
