import test from 'ava';
import type { Session } from '../../../src/engine/session/session.js';
import { UserError } from '../../../src/errors.js';
import type { HostTensor } from '../../../src/host-tensor.js';
import aamSoftmax from '../../../src/losses/aam-softmax.js';
import { optimizerOptions } from '../../../src/optim/optimizer.js';
import { createFinetuner, type FinetuneParts } from '../../../src/train/finetuner.js';
import { close } from '../../helpers/close.js';
import { withSession } from '../../helpers/session.js';
import { BATCH, noiseBatch, smallFeatures, smallTdnn } from '../../helpers/training/small-training.js';

const LABELS = Int32Array.of(0, 1, 2, 1);
const backbone = await smallTdnn({ embeddingNorm: true });
/** Adam with decay, and momentum: whatever might move frozen weights. */
const OPTIMIZERS = [
  { name: 'adamw', weightDecay: 0.3 },
  { name: 'sgd', momentum: 0.9, weightDecay: 0.3 },
];

function open(session: Session, more: Partial<FinetuneParts> & { optimizer?: FinetuneParts['optimizer'] } = {}) {
  const finetuner = createFinetuner({
    session,
    seed: 1,
    classes: 3,
    backbone,
    optimizer: optimizerOptions.parse({ name: 'sgd' }),
    loss: (context) => aamSoftmax.build({ ...context, options: aamSoftmax.options.parse({ margin: 0, scale: 10 }) }),
    view: { features: smallFeatures, augmentations: [] },
    ...more,
  });
  const { accumulate = 1 } = more;
  const step = (number: number, thawed?: number) =>
    finetuner.step(
      noiseBatch(`batch ${number}`, { global: 1, local: 0 }),
      { labels: LABELS, history: new Float32Array(BATCH) },
      {
        step: number,
        rate: 0.05,
        margin: 1,
        gate: Number.POSITIVE_INFINITY,
        momentum: 0,
        ...(thawed !== undefined && { thawed }),
      },
    );
  return { finetuner, step, accumulate };
}

const values = ({ data }: HostTensor): number[] => [...data].map(Number);
const isNetwork = (name: string): boolean => name.startsWith('network/');
const isBackbone = (name: string): boolean => name.startsWith('network/backbone/');

/** Names of the network's variables that differ. */
const moved = (before: Record<string, HostTensor>, after: Record<string, HostTensor>): string[] =>
  Object.keys(after).filter((name) => isNetwork(name) && values(before[name]).join() !== values(after[name]).join());

for (const choice of OPTIMIZERS) {
  const optimizer = optimizerOptions.parse(choice);

  test(`${choice.name}: what is frozen for good has no states, and neither weights nor statistics move`, async (t) => {
    await withSession(async (session) => {
      const { step } = open(session, { optimizer, freeze: { parts: ['network/backbone/*'] } });
      const before = await session.save();
      for (let number = 0; number < 3; number++) await step(number);
      const after = await session.save();
      t.deepEqual(moved(before, after), ['network/classifier/prototypes']);
      t.false(Object.keys(after).some((name) => name.startsWith('optimizer/') && name.includes('backbone')));
      t.true(Object.keys(after).some((name) => isBackbone(name) && name.endsWith('/variance')));
    });
  });

  test(`${choice.name}: a part that is frozen for a while stands still exactly, then learns as if it were the first step`, async (t) => {
    const part = 'network/backbone/layer1/*';
    await withSession(async (session) => {
      const { step } = open(session, { optimizer, freeze: { parts: [part], untilEpoch: 2 } });
      const names = [...session.variables.keys()].filter((name) => name.startsWith('network/backbone/layer1/'));
      t.true(names.length >= 3 && names.some((name) => name.endsWith('/mean')), names.join());
      const before = await session.save();
      for (let number = 0; number < 3; number++) await step(number, 0);
      const still = await session.save();
      t.deepEqual(
        moved(before, still).filter((name) => names.includes(name)),
        [],
      );
      t.true(moved(before, still).length > names.length);
      // From the same weights and batch a fresh training takes the same first step with that part.
      await step(3, 1);
      const after = await session.save();
      t.true(names.every((name) => moved(still, after).includes(name)));
      const fresh = await withSession(async (other) => {
        const first = open(other, { optimizer });
        const network = Object.entries(still).filter(([name]) => isNetwork(name));
        await other.load(Object.fromEntries(network));
        const batch = noiseBatch('batch 3', { global: 1, local: 0 });
        const samples = { labels: LABELS, history: new Float32Array(BATCH) };
        const moment = { step: 0, rate: 0.05, margin: 1, gate: Number.POSITIVE_INFINITY, momentum: 0 };
        await first.finetuner.step(batch, samples, moment);
        return other.save();
      });
      for (const name of names) close(t, values(after[name]), values(fresh[name]), 1e-6, name);
    });
  });
}

test('an accumulated step leaves frozen statistics alone too', async (t) => {
  await withSession(async (session) => {
    const { step } = open(session, { accumulate: 2, freeze: { parts: ['network/backbone/*'], untilEpoch: 1 } });
    const before = await session.save();
    await step(0, 0);
    t.deepEqual(moved(before, await session.save()), ['network/classifier/prototypes']);
    await step(1, 1);
    t.true(moved(before, await session.save()).length > 5);
  });
});

for (const accumulate of [1, 2])
  test(`in ${accumulate}: frozen centres of center loss stand still, and follow when they are thawed`, async (t) => {
    const centers = 'network/classifier/centers';
    const loss: FinetuneParts['loss'] = (context) =>
      aamSoftmax.build({ ...context, options: aamSoftmax.options.parse({ scale: 10, center: 0.1 }) });
    const run = (freeze: FinetuneParts['freeze'], thawed: (number | undefined)[]) =>
      withSession(async (session) => {
        const { step } = open(session, { accumulate, loss, freeze });
        const found = [await session.save([centers])];
        for (const [number, value] of thawed.entries()) {
          await step(number, value);
          found.push(await session.save([centers]));
        }
        return found.map((saved) => values(saved[centers]));
      });
    const [start, ...still] = await run({ parts: [centers] }, [undefined, undefined]);
    t.deepEqual(still, [start, start]);
    const [, frozen, learning] = await run({ parts: [centers], untilEpoch: 1 }, [0, 1]);
    t.deepEqual(frozen, start);
    t.notDeepEqual(learning, start);
  });

test('a pattern that matches no name is refused with all names; so is freezing everything for the whole run', async (t) => {
  await withSession(async (session) => {
    const message =
      /'backbone\/\*' matches no name\. There are:\n(.|\n)*network\/backbone\/layer1\/(.|\n)*network\/classifier\/prototypes/;
    t.throws(() => open(session, { freeze: { parts: ['network/*', 'backbone/*'] } }), {
      instanceOf: UserError,
      message,
    });
  });
  await withSession(async (session) => {
    t.throws(() => open(session, { freeze: { parts: ['*'] } }), {
      instanceOf: UserError,
      message: /everything is frozen/,
    });
  });
  await withSession(async (session) => {
    t.notThrows(() => open(session, { freeze: { parts: ['*'], untilEpoch: 1 } }));
  });
});

for (const choice of OPTIMIZERS) {
  test(`${choice.name}: a factor of the backbone's rate is a rate of its own`, async (t) => {
    const optimizer = optimizerOptions.parse(choice);
    const after = (backboneRate: number, rate: number) =>
      withSession(async (session) => {
        const { finetuner } = open(session, { optimizer, backboneRate });
        const before = await session.save();
        const batch = noiseBatch('batch', { global: 1, local: 0 });
        const samples = { labels: LABELS, history: new Float32Array(BATCH) };
        const moment = { step: 0, rate, margin: 1, gate: Number.POSITIVE_INFINITY, momentum: 0 };
        await finetuner.step(batch, samples, moment);
        return { before, saved: await session.save() };
      });
    const slow = await after(0.1, 0.05);
    const [head, body] = [await after(1, 0.05), await after(1, 0.005)];
    for (const [name, tensor] of Object.entries(slow.saved)) {
      if (!isNetwork(name)) continue;
      const expected = isBackbone(name) ? body : head;
      close(t, values(tensor), values(expected.saved[name]), 1e-7, name);
    }
    t.true(moved(slow.before, slow.saved).length > 5);
  });
}
