import test, { type ExecutionContext } from 'ava';
import { compareBackbone } from '../helpers/published/networks.js';

async function agrees(t: ExecutionContext, key: string, options: Record<string, unknown> = {}): Promise<void> {
  const { cosine, worst } = await compareBackbone(key, options);
  t.true(cosine > 1 - 1e-9, `cosine ${cosine}`);
  t.true(worst < 1e-5, `worst difference / rms ${worst}`);
}

// One of each family and form; `node dist/bench/quality/published-networks.js` compares all sizes.
const networks = [
  'resnet18',
  'resnet50',
  'rvector',
  'df-resnet56',
  'gemini-df-resnet60',
  'xvector',
  'ecapa-512',
  'ecapa-512-glob',
  'ecapa-512-glob-norm',
  'campplus',
  'campplus-3d-speaker',
  'eres2net',
  'eres2net-v2',
  'repvgg-a0',
];

for (const key of networks) {
  test(`${key} gives the embeddings of the published network with the same weights`, (t) => agrees(t, key));
}

test('repvgg-a0 gives them by its three branches, too', (t) => agrees(t, 'repvgg-a0', { fused: false }));

test('a rectifier behind down-samplings and padding make other networks', async (t) => {
  for (const [key, options] of [
    ['gemini-df-resnet60', { rectifiedDownsampling: true }],
    ['xvector', { padding: 'same' }],
  ] as const) {
    const { cosine, worst } = await compareBackbone(key, options);
    t.true(cosine < 1 - 1e-6 && worst > 1e-2, `${key}: ${cosine}, ${worst}`);
  }
});
