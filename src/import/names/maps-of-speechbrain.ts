import { contextColumns } from './maps-of-wespeaker.js';
import type { PublishedNames } from './published-names.js';

const group = (block: number, number: number) => `blocks.${block}.res2net_block.blocks.${number - 1}`;

/** What an attention sees: `aggregated` channels, and their moments with `globalContext`. */
interface Attention {
  aggregated: number;
  globalContext: boolean;
}

/** ECAPA-TDNN of SpeechBrain (https://github.com/speechbrain/speechbrain), which wraps PyTorch's normalisation. */
export const speechbrainEcapaNames = (attention: Attention): PublishedNames => ecapaNames(attention, '.norm');

/** ECAPA-TDNN of sslsv (https://github.com/theolepage/sslsv), built as SpeechBrain's. */
export const sslsvEcapaNames = (attention: Attention): PublishedNames => ecapaNames(attention, '');

const ecapaNames = ({ aggregated, globalContext }: Attention, wrapped: string): PublishedNames => ({
  rules: [
    ['first/conv', 'blocks.0.conv.conv'],
    ['first/norm', `blocks.0.norm${wrapped}`],
    ['block(\\d)/before/conv', (block) => `blocks.${block}.tdnn1.conv.conv`],
    ['block(\\d)/before/norm', (block) => `blocks.${block}.tdnn1.norm${wrapped}`],
    ['block(\\d)/res2/group(\\d)/conv', (block, number) => `${group(block, number)}.conv.conv`],
    ['block(\\d)/res2/group(\\d)/norm', (block, number) => `${group(block, number)}.norm${wrapped}`],
    ['block(\\d)/after/conv', (block) => `blocks.${block}.tdnn2.conv.conv`],
    ['block(\\d)/after/norm', (block) => `blocks.${block}.tdnn2.norm${wrapped}`],
    ['block(\\d)/se/squeeze', (block) => `blocks.${block}.se_block.conv1.conv`],
    ['block(\\d)/se/excite', (block) => `blocks.${block}.se_block.conv2.conv`],
    ['aggregate', 'mfa.conv.conv'],
    ['aggregate-norm', `mfa.norm${wrapped}`],
    ['pooling/(?:inner|context)', 'asp.tdnn.conv.conv'],
    ['pooling/norm', `asp.tdnn.norm${wrapped}`],
    ['pooling/outer', 'asp.conv.conv'],
    ['pooling-norm', `asp_bn${wrapped}`],
    ['embedding', 'fc.conv'],
  ],
  ...(globalContext && { columns: contextColumns(aggregated) }),
});
