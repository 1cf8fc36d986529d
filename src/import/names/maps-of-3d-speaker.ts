import type { NameRule, PublishedNames } from './published-names.js';

// Names of 3D-Speaker's networks (https://github.com/modelscope/3D-Speaker); those of its CAM++ are WeSpeaker's.

/** A fusion: two convolutions with biases in front of normalisations, which voxloop takes away from the means. */
const fusionRules = (pattern: string, module: (...numbers: number[]) => string): NameRule[] => [
  [`${pattern}/narrow/conv`, (...at) => `${module(...at)}.local_att.0`],
  [`${pattern}/narrow/norm`, (...at) => `${module(...at)}.local_att.1`],
  [`${pattern}/widen/conv`, (...at) => `${module(...at)}.local_att.3`],
  [`${pattern}/widen/norm`, (...at) => `${module(...at)}.local_att.4`],
];

const fusionBiases = (path: string, module: string): [variable: string, bias: string][] => [
  [`${path}/narrow/norm/mean`, `${module}.local_att.0.bias`],
  [`${path}/widen/norm/mean`, `${module}.local_att.3.bias`],
];

/** How an ERes2Net names what joins its stages. */
export interface StageFusions {
  /** Of the fusion into a stage. */
  fusion(stage: number): string;
  /** Of the convolution in front of it. */
  down(stage: number): string;
  /** Stages that are fused into. */
  stages: readonly number[];
}

/** ERes2Net joins all of its stages. */
export const ALL_STAGES: StageFusions = {
  fusion: (stage) => `fuse_mode${'1234'.slice(0, stage)}`,
  down: (stage) => `layer${stage - 1}_downsample`,
  stages: [2, 3, 4],
};

/** ERes2NetV2 joins the last two. */
export const LAST_STAGES: StageFusions = { fusion: () => 'fuse34', down: () => 'layer3_ds', stages: [4] };

/** Blocks of the stages whose groups are fused by attention. */
const FUSED_BLOCKS = [
  { stage: 3, blocks: 6 },
  { stage: 4, blocks: 3 },
];

const layer = (stage: number, block: number) => `layer${stage}.${block - 1}`;
const groupFusion = (stage: number, block: number, group: number) => `${layer(stage, block)}.fuse_models.${group - 2}`;

/** ERes2Net with blocks of `groups`, over maps of `rows` rows in the end. */
export function eres2netNames(rows: number, groups: number, { fusion, down, stages }: StageFusions): PublishedNames {
  const block = 'stage(\\d)/block(\\d)';
  const biases = FUSED_BLOCKS.flatMap(({ stage, blocks }) =>
    Array.from({ length: blocks * (groups - 1) }, (_, i) => {
      const [b, g] = [1 + Math.floor(i / (groups - 1)), 2 + (i % (groups - 1))];
      return fusionBiases(`stage${stage}/block${b}/fusion${g}`, groupFusion(stage, b, g));
    }).flat(),
  );
  const rules: NameRule[] = [
    ['stem', 'conv1'],
    ['stem-norm', 'bn1'],
    [`${block}/spread/conv`, (s, b) => `${layer(s, b)}.conv1`],
    [`${block}/spread/norm`, (s, b) => `${layer(s, b)}.bn1`],
    [`${block}/group(\\d)/conv`, (s, b, group) => `${layer(s, b)}.convs.${group - 1}`],
    [`${block}/group(\\d)/norm`, (s, b, group) => `${layer(s, b)}.bns.${group - 1}`],
    [`${block}/gather/conv`, (s, b) => `${layer(s, b)}.conv3`],
    [`${block}/gather/norm`, (s, b) => `${layer(s, b)}.bn3`],
    [`${block}/shortcut/conv`, (s, b) => `${layer(s, b)}.shortcut.0`],
    [`${block}/shortcut/norm`, (s, b) => `${layer(s, b)}.shortcut.1`],
    ['fusion(\\d)/down', (stage) => down(stage)],
    ['embedding', 'seg_1'],
    ...fusionRules(`${block}/fusion(\\d)`, groupFusion),
    ...fusionRules('fusion(\\d)', fusion),
  ];
  return {
    rules,
    flattened: { path: 'embedding', rows, parts: 2 },
    biasInMean: Object.fromEntries(
      biases.concat(stages.flatMap((stage) => fusionBiases(`fusion${stage}`, fusion(stage)))),
    ),
  };
}
