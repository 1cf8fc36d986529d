import { parseArgs } from 'node:util';
import type { Difference, Oracle } from '../../test/helpers/published/compare.js';
import { BACKBONES, compareBackbone, comparePooling, POOLINGS } from '../../test/helpers/published/networks.js';

// Every backbone and pooling with a published implementation, with the same weights and features: the table of docs/results.md.
//
//   node dist/bench/quality/published-networks.js [--only NAME,NAME]

const { values } = parseArgs({ options: { only: { type: 'string' } } });
const keys = values.only?.split(',') ?? [...Object.keys(BACKBONES), ...Object.keys(POOLINGS)];

console.log(
  '| network | published as | cosine | worst difference / rms | the published one in float32 |\n|---|---|---|---|---|',
);
for (const key of keys) {
  console.log(rowOf(key, await (key in POOLINGS ? comparePooling(key) : compareBackbone(key))));
}

function rowOf(key: string, { cosine, worst, oracle }: Difference & { oracle: Oracle }): string {
  const repository = oracle.source.split('/').pop();
  const name = oracle.class.split('.').pop();
  const options = Object.entries(oracle.options).map(([option, value]) => `${option}: ${value}`);
  const published = `${repository}'s \`${name}\`${options.length > 0 ? `, ${options.join(', ')}` : ''}`;
  const figures = [cosine.toFixed(10), worst.toExponential(1), oracle.float32.toExponential(1)];
  return `| ${[`\`${key}\``, published, ...figures].join(' | ')} |`;
}
