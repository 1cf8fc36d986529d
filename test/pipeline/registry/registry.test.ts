import test from 'ava';
import { builtIns } from '../../../src/builtins.js';
import { UserError } from '../../../src/errors.js';
import { z } from '../../../src/index.js';
import { createRegistry } from '../../../src/pipeline/registry/registry.js';
import { defineAugmentation, defineGate } from '../../../src/plugin/define.js';
import { kinds } from '../../../src/plugin/plugin.js';

const gate = (name: string) =>
  defineGate({ name, summary: 'x', options: z.strictObject({}), threshold: () => ({ threshold: 1 }) });

test('a built-in plugin is imported when it is asked for, not before', async (t) => {
  let loads = 0;
  const load = async () => {
    loads++;
    return { default: gate('open') };
  };
  const registry = createRegistry([{ kind: 'gate', name: 'open', load }]);
  t.deepEqual([registry.names('gate'), registry.names('ssl'), loads], [['open'], [], 0]);
  t.is((await registry.load('gate', 'open')).name, 'open');
  t.is(loads, 1);
  t.deepEqual(registry.origin('gate', 'open'), { file: null, digest: null });
});

test('a file may define a family: the registry picks by name', async (t) => {
  const load = async () => ({ default: [gate('open'), gate('shut')] });
  const entry = (name: string) => ({ kind: 'gate' as const, name, load });
  const registry = createRegistry([entry('shut'), entry('open'), entry('ajar')]);
  t.is((await registry.load('gate', 'shut')).name, 'shut');
  t.is((await registry.load('gate', 'open')).name, 'open');
  await t.throwsAsync(registry.load('gate', 'ajar'), { message: /lists gate 'ajar'.*gate 'open', gate 'shut'/ });
});

test('an unknown name is answered with the nearest one', async (t) => {
  const registry = createRegistry([
    { kind: 'gate', name: 'dynamic', load: async () => ({ default: gate('dynamic') }) },
  ]);
  await t.throwsAsync(registry.load('gate', 'dinamic'), {
    instanceOf: UserError,
    message: "There is no gate plugin 'dinamic'; did you mean 'dynamic'?",
  });
});

test('a name can be taken once in its kind', async (t) => {
  const registry = createRegistry([{ kind: 'gate', name: 'open', load: async () => ({ default: gate('open') }) }]);
  t.throws(() => registry.add(gate('open'), 'mine.ts', ''), {
    instanceOf: UserError,
    message: "mine.ts: the gate name 'open' is taken by a built-in plugin. Give yours another name.",
  });
  const options = z.strictObject({});
  registry.add(defineAugmentation({ name: 'open', summary: 'x', options, apply: (wave) => wave }), 'a.ts', 'd');
  t.deepEqual(registry.origin('augmentation', 'open'), { file: 'a.ts', digest: 'd' });
  registry.add(gate('half'), 'a.ts', 'd');
  t.throws(() => registry.add(gate('half'), 'b.ts', ''), { message: /^b.ts: .* is taken by the plugin in a.ts/ });
});

test('a file that does not define what the list of built-ins says is our fault', async (t) => {
  const registry = createRegistry([{ kind: 'gate', name: 'shut', load: async () => ({ default: gate('open') }) }]);
  const error = await t.throwsAsync(registry.load('gate', 'shut'), {
    message: /lists gate 'shut'.*defines gate 'open'/,
  });
  t.false(error instanceof UserError);
});

test('every built-in loads, is what the list says, and has a summary and options', async (t) => {
  const registry = createRegistry(builtIns);
  for (const kind of kinds) {
    for (const name of registry.names(kind)) {
      const plugin = await registry.load(kind, name);
      t.regex(plugin.summary, /\w.*\.$/, `${kind} ${name}`);
      t.notThrows(() => z.toJSONSchema(plugin.options, { io: 'input', unrepresentable: 'any' }));
    }
  }
});
