import { contextColumns } from './maps-of-wespeaker.js';
import type { PublishedNames } from './published-names.js';

const group = (block: number, number: number) => `blocks.${block}.res2net_block.blocks.${number - 1}`;

/** ECAPA-TDNN of SpeechBrain (https://github.com/speechbrain/speechbrain) whose attention sees `aggregated` channels. */
export const speechbrainEcapaNames = (aggregated: number, globalContext: boolean): PublishedNames => ({
  rules: [
    ['first/conv', 'blocks.0.conv.conv'],
    ['first/norm', 'blocks.0.norm.norm'],
    ['block(\\d)/before/conv', (block) => `blocks.${block}.tdnn1.conv.conv`],
    ['block(\\d)/before/norm', (block) => `blocks.${block}.tdnn1.norm.norm`],
    ['block(\\d)/res2/group(\\d)/conv', (block, number) => `${group(block, number)}.conv.conv`],
    ['block(\\d)/res2/group(\\d)/norm', (block, number) => `${group(block, number)}.norm.norm`],
    ['block(\\d)/after/conv', (block) => `blocks.${block}.tdnn2.conv.conv`],
    ['block(\\d)/after/norm', (block) => `blocks.${block}.tdnn2.norm.norm`],
    ['block(\\d)/se/squeeze', (block) => `blocks.${block}.se_block.conv1.conv`],
    ['block(\\d)/se/excite', (block) => `blocks.${block}.se_block.conv2.conv`],
    ['aggregate', 'mfa.conv.conv'],
    ['aggregate-norm', 'mfa.norm.norm'],
    ['pooling/(?:inner|context)', 'asp.tdnn.conv.conv'],
    ['pooling/norm', 'asp.tdnn.norm.norm'],
    ['pooling/outer', 'asp.conv.conv'],
    ['pooling-norm', 'asp_bn.norm'],
    ['embedding', 'fc.conv'],
  ],
  ...(globalContext && { columns: contextColumns(aggregated) }),
});
