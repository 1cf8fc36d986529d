import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { UserError } from '../../src/errors.js';
import { openCheckpoint } from '../../src/import/checkpoint/open-checkpoint.js';
import { readPickle } from '../../src/import/pickle/read-pickle.js';
import { Opaque, PickleDict, type PickleValue } from '../../src/import/pickle/values.js';
import * as p from '../helpers/published-files/pickle-writer.js';
import { zipOf } from '../helpers/published-files/zip-writer.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const read = (...codes: p.Code[]): PickleValue => readPickle('weights.pt', p.pickle(...codes)).value;
const weight = p.tensor({ key: '0', shape: [2] });

/** Values by text keys, as an object. */
const plain = (value: PickleValue) =>
  value instanceof PickleDict ? Object.fromEntries(value.entries as Map<string, PickleValue>) : value;

test('plain values of every kind are read', (t) => {
  t.deepEqual(plain(read(p.dictOf({ a: p.integer(-3), b: p.none, c: p.tupleOf(p.text('é'), p.raw(0x88)) }))), {
    a: -3,
    b: null,
    c: ['é', true],
  });
  t.is(read(p.long(2n ** 60n)), 2n ** 60n);
  t.is(read(p.long(-5n)), -5);
  const list = read(p.emptyList, p.put(7), p.integer(1), p.append, p.get(7), p.raw(0x85));
  t.deepEqual(list, [[1]]);
});

test('an object of a class that no model needs read is a name, and what it was made of is gone', (t) => {
  const value = plain(
    read(
      p.dictOf({
        problem: Buffer.concat([
          p.global('pyannote.audio.core.task', 'Problem'),
          p.emptyTuple,
          p.newObject,
          p.dictOf({ value: p.integer(1) }),
          p.build,
        ]),
        version: p.call('torch.torch_version', 'TorchVersion', p.text('2.0')),
      }),
    ),
  ) as Record<string, PickleValue>;
  t.deepEqual(value.problem, new Opaque('pyannote.audio.core.task.Problem'));
  t.deepEqual(value.version, new Opaque('torch.torch_version.TorchVersion'));
});

test('settings in a Namespace or of omegaconf read as a dictionary, wherever they are named again; a state of another object is gone', (t) => {
  const object = (module: string, name: string, state: p.Code[]) =>
    Buffer.concat([p.global(module, name), p.emptyTuple, p.newObject, ...state, p.build]);
  const node = (kind: string, value: p.Code) => object('omegaconf.nodes', kind, [p.dictOf({ _val: value })]);
  const settings = read(
    p.dictOf({
      args: object('argparse', 'Namespace', [p.put(0), p.dictOf({ heads: p.integer(4) })]),
      again: p.get(0),
      cfg: object('omegaconf.dictconfig', 'DictConfig', [
        p.dictOf({
          _metadata: object('omegaconf.base', 'ContainerMetadata', [p.dictOf({ ref_type: p.global('typing', 'Any') })]),
          _content: p.dictOf({
            normalize: node('BooleanNode', p.raw(0x88)),
            types: p.call('_operator', 'getitem', p.global('typing', 'List'), p.global('__builtin__', 'unicode')),
          }),
        }),
      ]),
    }),
  );
  const { args, again, cfg } = plain(settings) as Record<string, PickleValue>;
  t.deepEqual(plain(args), { heads: 4 });
  t.is(again, args);
  t.deepEqual(plain(cfg), { normalize: true, types: new Opaque('_operator.getitem') });
});

/** Programs in pickles, by how they would be run, each with a mark in the file system. */
const programs: Record<string, (command: string) => { codes: p.Code[]; named: RegExp }> = {
  'GLOBAL and REDUCE': (command) => ({ codes: [p.call('os', 'system', p.text(command))], named: /"os\.system"/ }),
  'GLOBAL and REDUCE by the name of the system': (command) => ({
    codes: [p.call('posix', 'system', p.text(command))],
    named: /"posix\.system"/,
  }),
  'a built-in function': (command) => ({
    codes: [p.call('builtins', 'exec', p.text(`import os; os.system(${JSON.stringify(command)})`))],
    named: /"builtins\.exec"/,
  }),
  'a built-in function of Python 2': (command) => ({
    codes: [p.call('__builtin__', 'eval', p.text(command))],
    named: /"__builtin__\.eval"/,
  }),
  STACK_GLOBAL: (command) => ({
    codes: [p.text('subprocess'), p.text('Popen'), p.stackGlobal, p.tupleOf(p.text(command)), p.reduce],
    named: /"subprocess\.Popen"/,
  }),
  'STACK_GLOBAL through the memo': (command) => ({
    codes: [
      p.text('system'),
      p.put(9),
      p.text('os'),
      p.put(4000000000),
      p.get(4000000000),
      p.get(9),
      p.stackGlobal,
      p.tupleOf(p.text(command)),
      p.reduce,
    ],
    named: /"os\.system"/,
  }),
  INST: (command) => ({ codes: [p.mark, p.text(command), p.instance('os', 'system')], named: /INST/ }),
  OBJ: (command) => ({ codes: [p.mark, p.global('torch', 'load'), p.text(command), p.object], named: /OBJ/ }),
  NEWOBJ: (command) => ({
    codes: [p.global('webbrowser', 'open'), p.tupleOf(p.text(command)), p.newObject],
    named: /"webbrowser\.open"/,
  }),
  'a call inside of the arguments of a tensor': (command) => ({
    codes: [p.call('torch._utils', '_rebuild_tensor_v2', p.call('os', 'system', p.text(command)), p.integer(0))],
    named: /"os\.system"/,
  }),
  'the extension registry': () => ({ codes: [p.raw(0x82, 1), p.emptyTuple, p.reduce], named: /EXT1/ }),
  'a persistent id in text': () => ({ codes: [p.raw(0x50, 0x61, 0x0a)], named: /PERSID/ }),
  'a buffer outside of the file': () => ({ codes: [p.raw(0x97)], named: /NEXT_BUFFER/ }),
  'a dotted name': (command) => ({
    codes: [p.call('os', 'path.os.system', p.text(command))],
    named: /"os\.path\.os\.system"/,
  }),
  'a name that only looks like a module of PyTorch': (command) => ({
    codes: [p.call('torchx.os', 'system', p.text(command))],
    named: /"torchx\.os\.system"/,
  }),
};

for (const [name, program] of Object.entries(programs)) {
  test(`a program by ${name} is refused, named and not run`, async (t) => {
    const dir = temporaryFolder(t);
    const mark = join(dir, 'ran');
    const { codes, named } = program(`touch ${mark}`);
    const data = p.pickle(p.dictOf({ weight, other: Buffer.concat(codes) }));
    const path = join(dir, 'weights.pt');
    writeFileSync(
      path,
      zipOf([
        { name: 'weights/data.pkl', data },
        { name: 'weights/data/0', data: new Uint8Array(8) },
      ]),
    );
    const error = await t.throwsAsync(openCheckpoint(path), { instanceOf: UserError });
    t.regex(error!.message, named);
    t.regex(error!.message, /Nothing was run/);
    t.false(existsSync(mark));
  });
}

test('a function of PyTorch itself is not called: its result is a name', (t) => {
  t.deepEqual(read(p.call('torch.hub', 'load', p.text('somewhere'))), new Opaque('torch.hub.load'));
  t.deepEqual(
    read(p.call('torch.storage', '_load_from_bytes', p.text('x'))),
    new Opaque('torch.storage._load_from_bytes'),
  );
  // A call of what a call gave.
  t.deepEqual(read(p.call('torch', 'load'), p.tupleOf(p.text('x')), p.reduce), new Opaque('a call of a value'));
});

const damaged: Record<string, p.Code[]> = {
  'an empty stack': [p.raw(0x52)],
  'a tuple without a mark': [p.tuple],
  'a memo that was never filled': [p.get(3)],
  'a text longer than the file': [p.raw(0x58, 0xff, 0xff, 0xff, 0x7f)],
  'keys in a number': [p.integer(1), p.mark, p.text('a'), p.none, p.setItems],
  'a key without a value': [p.emptyDict, p.mark, p.text('a'), p.setItems],
  'values appended to text': [p.text('a'), p.integer(1), p.append],
  'a name without an end': [p.raw(0x63, ...Buffer.from('a'.repeat(2000)))],
  'an object of a number': [p.integer(1), p.emptyTuple, p.newObject],
  'a value taken from below a mark': [p.text('os'), p.mark, p.text('system'), p.stackGlobal],
};

for (const [name, codes] of Object.entries(damaged)) {
  test(`a pickle with ${name} is refused`, (t) => {
    t.throws(() => read(...codes), { instanceOf: UserError, message: /weights\.pt is not a complete pickle/ });
  });
}

test('a pickle cut off anywhere is refused, and an unknown instruction is named', (t) => {
  const whole = p.pickle(p.dictOf({ weight, epoch: p.integer(3) }));
  for (let length = 0; length < whole.length; length++)
    t.throws(() => readPickle('weights.pt', whole.subarray(0, length)), { instanceOf: UserError });
  t.throws(() => read(p.raw(0xee)), { instanceOf: UserError, message: /instruction 0xee at byte 2/ });
});

test('a pickle of millions of instructions, of which each makes an object, is refused', (t) => {
  const bomb = Buffer.concat([p.proto, Buffer.alloc(3_000_000, p.emptyDict)]);
  t.throws(() => readPickle('weights.pt', bomb), { instanceOf: UserError, message: /instructions/ });
});

test('a dictionary that holds itself, and nesting of any depth, do no harm', (t) => {
  const self = read(p.emptyDict, p.put(0), p.text('self'), p.get(0), p.setItem) as PickleDict;
  t.is(self.entries.get('self'), self);
  const depth = 100_000;
  const nested = read(Buffer.alloc(depth, p.emptyList), Buffer.alloc(depth - 1, p.append));
  t.is((nested as PickleValue[]).length, 1);
});
