import test from 'ava';
import { artifactAt, checkStage, newRegistry } from '../../helpers/recipes/run-stage.js';

/** Artifacts by the kinds of their names. */
const artifacts = Object.fromEntries(
  ['corpus', 'clusters', 'model', 'embeddings'].map((name) => [name, artifactAt('', name)]),
);

/** What is wrong with a stage's options, by its schema or its check. */
async function faults(stage: string, options: Record<string, unknown>): Promise<string[]> {
  try {
    return await checkStage({ registry: newRegistry(), stage, options, artifacts });
  } catch (error) {
    const { issues } = error as { issues?: { path: PropertyKey[]; message: string }[] };
    if (!issues) throw error;
    return issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  }
}

const pretrain = {
  corpus: 'corpus',
  method: { name: 'dino' },
  backbone: 'tdnn',
  steps: 4,
  rate: { peak: 0.1 },
};
const finetune = {
  corpus: 'corpus',
  clusters: 'clusters',
  init: 'model',
  epochs: 10,
  rate: { peak: 0.1 },
};
const loop = {
  corpus: 'corpus',
  init: 'model',
  algorithm: { name: 'kmeans', clusters: 5 },
  training: { epochs: 10, rate: { peak: 0.1 } },
};
const backend = { corpus: 'corpus', embeddings: 'embeddings' };
const filter = { corpus: 'corpus' };
const all: Record<string, Record<string, unknown>> = {
  pretrain,
  finetune,
  loop,
  backend,
  filter,
  corpus: {},
  noises: {},
};
const gate = 'dynamic';

/** Options in use, and the same where something leaves one without an effect. */
const cases: [stage: string, used: Record<string, unknown>, idle: Record<string, unknown>, message: RegExp][] = [
  ...(['momentum', 'nesterov'] as const).map((option): (typeof cases)[number] => {
    const value = option === 'momentum' ? 0.9 : true;
    const using = (name: string) => ({ optimizer: { name, [option]: value } });
    return ['pretrain', using('sgd'), using('adam'), new RegExp(`^optimizer.${option}: has no effect with name: adam`)];
  }),
  ...(['beta1', 'beta2', 'epsilon'] as const).map((option): (typeof cases)[number] => {
    const using = (name: string) => ({ optimizer: { name, [option]: 0.9 } });
    return [
      'finetune',
      using('adamw'),
      using('lars'),
      new RegExp(`^optimizer.${option}: has no effect with name: lars`),
    ];
  }),
  [
    'loop',
    { training: { ...loop.training, optimizer: { name: 'lars', trust: 0.1 } } },
    { training: { ...loop.training, optimizer: { name: 'sgd', trust: 0.1 } } },
    /^training.optimizer.trust: has no effect with name: sgd; it is for lars/,
  ],
  [
    'pretrain',
    { optimizer: { name: 'sgd', momentum: 0.5, nesterov: true } },
    { optimizer: { name: 'sgd', momentum: 0, nesterov: true } },
    /^optimizer.nesterov: has no effect with momentum: 0/,
  ],
  [
    'pretrain',
    { optimizer: { stateBits: 8, keep32: ['*/head/*'] } },
    { optimizer: { keep32: ['*/head/*'] } },
    /^optimizer.keep32: has no effect with stateBits: 32/,
  ],
  [
    'pretrain',
    { rate: { peak: 0.1, final: 0.01 } },
    { rate: { kind: 'constant', peak: 0.1, final: 0.01 } },
    /^rate.final: has no effect with kind: constant/,
  ],
  [
    'pretrain',
    { method: { name: 'swav', localCrops: 2, queue: 128, queueEpochs: 3 } },
    { method: { name: 'swav', queue: 0, queueEpochs: 3 } },
    /^method.queueEpochs: has no effect with queue: 0/,
  ],
  [
    'pretrain',
    { method: { name: 'simclr', temperature: 0.1 } },
    { method: { name: 'simclr', loss: 'angular-prototypical', temperature: 0.1 } },
    /^method.temperature: has no effect with loss: angular-prototypical/,
  ],
  [
    'pretrain',
    { method: { name: 'moco', queue: 128, margin: { kind: 'cosface', value: 0.2 } } },
    { method: { name: 'moco', queue: 128, margin: { value: 0.2 } } },
    /^method.margin.value: has no effect with kind: none/,
  ],
  [
    'pretrain',
    { positives: { from: 'neighbours', neighbours: 3, fromEpoch: 1 } },
    { positives: { algorithm: { name: 'kmeans', clusters: 3 }, neighbours: 3, fromEpoch: 1 } },
    /^positives.neighbours: has no effect with from: same-cluster/,
  ],
  [
    'pretrain',
    { positives: { algorithm: { name: 'kmeans', clusters: 3 }, fromEpoch: 1 } },
    { positives: { from: 'neighbours', algorithm: { name: 'kmeans', clusters: 3 }, fromEpoch: 1 } },
    /^positives.algorithm: has no effect with from: neighbours/,
  ],
  [
    'pretrain',
    { guard: { action: 'rollback', retries: 1, rateFactor: 0.9, window: 3, grace: 0 } },
    { guard: { retries: 1 } },
    /^guard.retries: has no effect with action: warn/,
  ],
  ['pretrain', { guard: { window: 4 } }, { guard: { action: 'off', window: 4 } }, /^guard.window: has no effect with/],
  [
    'pretrain',
    { backbone: { name: 'prev-resnet34', checkpointing: true } },
    { backbone: { name: 'frev-resnet34', checkpointing: true } },
    /^backbone.checkpointing: has no effect with recompute: true/,
  ],
  ['pretrain', {}, { epochs: 2 }, /^steps, epochs: .* needs either/],
  ['finetune', {}, { epochs: undefined }, /^steps, epochs: .* needs either/],
  ['finetune', { gate, gateFromEpoch: 3 }, { gateFromEpoch: 3 }, /^gateFromEpoch: it has no effect without a gate/],
  ['finetune', { gate, gateMomentum: 0 }, { gateMomentum: 0 }, /^gateMomentum: it has no effect without a gate/],
  [
    'finetune',
    { gate, gateJudges: 'with-margin' },
    { gateJudges: 'with-margin' },
    /^gateJudges: it has no effect without a gate/,
  ],
  [
    'finetune',
    { gate, gateJudges: 'without-margin', loss: 'softmax' },
    { gate, gateJudges: 'with-margin', loss: 'softmax' },
    /^gateJudges: 'softmax' has no margin with these options/,
  ],
  [
    'finetune',
    { gate, gateFromEpoch: 9 },
    { gate, gateFromEpoch: 10 },
    /^gateFromEpoch: 10: the run ends before \(epochs: 10\)/,
  ],
  [
    'finetune',
    { gate, correction: { fromEpoch: 9 } },
    { gate, correction: { fromEpoch: 10 } },
    /^correction.fromEpoch: 10: the run ends before \(epochs: 10\)/,
  ],
  ...[
    'softmax',
    { name: 'aam-softmax', margin: 0 },
    { name: 'a-softmax', margin: 1 },
    { name: 'sphereface2', margin: 0 },
    { name: 'triplet', margin: 0 },
    'prototypical',
    'angular-prototypical',
    'ge2e',
  ].map((loss): (typeof cases)[number] => [
    'finetune',
    { margin: { fromEpoch: 1, toEpoch: 3 }, loss: 'triplet' },
    { margin: { fromEpoch: 1, toEpoch: 3 }, loss },
    /^margin: '.*' has no margin with these options, which could rise/,
  ]),
  [
    'finetune',
    { loss: { name: 'am-softmax', center: 0.1, centerRate: 0.3 } },
    { loss: { name: 'am-softmax', centerRate: 0.3 } },
    /^loss.centerRate: has no effect without center/,
  ],
  ['loop', { rounds: 2, perRound: [{}, {}] }, { rounds: 1, perRound: [{}, {}] }, /^perRound: 2 entries for 1 rounds/],
  [
    'backend',
    { norm: { kind: 'as-norm', top: 20 } },
    { norm: { kind: 's-norm', top: 20 } },
    /^norm.top: has no effect with kind: s-norm/,
  ],
  [
    'filter',
    { model: 'model', leastCosine: 0.3, network: 'teacher' },
    { leastCosine: 0.3 },
    /^leastCosine: has no effect without a model/,
  ],
  [
    'filter',
    { leastSeconds: 2 },
    { several: 'drop', leastSeconds: 2 },
    /^leastSeconds: has no effect with several: drop/,
  ],
  [
    'corpus',
    { source: 'synthetic', speakers: 3, testSpeakers: 1 },
    { source: 'debian', speakers: 3 },
    /^speakers: has no effect with source: debian; it is for synthetic, auto/,
  ],
  ['corpus', {}, { source: 'auto', path: '/data' }, /^path: has no effect with source: auto/],
  ['noises', { corpus: 'corpus', voices: 3 }, { voices: 3 }, /^voices: has no effect without a corpus/],
  ['noises', { path: '/', musan: null }, { path: '/', made: { rooms: 3 } }, /^made: has no effect with path/],
];

for (const [i, [stage, used, idle, message]] of cases.entries())
  test(`${stage}: ${JSON.stringify(idle)} holds an option without an effect (${i})`, async (t) => {
    t.deepEqual(await faults(stage, { ...all[stage], ...used }), [], 'in use');
    const found = await faults(stage, { ...all[stage], ...idle });
    t.is(found.length, 1, found.join('\n'));
    t.regex(found[0], message);
  });
