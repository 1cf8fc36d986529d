import test from 'ava';
import { groupInputs, parseOpDef } from '../../../src/engine/graph/op-def.js';
import { intField, messageField, stringField } from '../../../src/io/protobuf/fields.js';

/** An ArgDef: name 1, type_attr 4, number_attr 5, type_list_attr 6. */
const argument = (name: string, attributes: { type?: string; number?: string; list?: string } = {}) => [
  ...stringField(1, name),
  ...(attributes.type ? stringField(4, attributes.type) : []),
  ...(attributes.number ? stringField(5, attributes.number) : []),
  ...(attributes.list ? stringField(6, attributes.list) : []),
];

/** An OpDef: name 1, input_arg 2, output_arg 3, is_stateful 17. */
const opDef = (name: string, inputs: number[][], outputs = 1, stateful = false) =>
  parseOpDef(
    Uint8Array.from([
      ...stringField(1, name),
      ...inputs.flatMap((input) => messageField(2, input)),
      ...Array.from({ length: outputs }, (_, i) => messageField(3, argument(`out${i}`))).flat(),
      ...(stateful ? intField(17, 1) : []),
    ]),
  );

const concat = opDef('ConcatV2', [argument('values', { type: 'T', number: 'N' }), argument('axis', { type: 'Tidx' })]);
const none = new Map<string, number>();

test('an op definition is read', (t) => {
  const def = opDef(
    'Apply',
    [argument('var', { list: 'Tvar' }), argument('rate', { type: 'T' }), argument('n')],
    2,
    true,
  );
  t.is(def.name, 'Apply');
  t.is(def.outputs, 2);
  t.true(def.stateful);
  t.deepEqual(def.inputs, [
    { name: 'var', typeAttr: '', numberAttr: '', typeListAttr: 'Tvar' },
    { name: 'rate', typeAttr: 'T', numberAttr: '', typeListAttr: '' },
    { name: 'n', typeAttr: '', numberAttr: '', typeListAttr: '' },
  ]);
  t.deepEqual([...def.inferred], ['Tvar', 'T']);
  t.false(concat.stateful);
});

test('a definition cut short is an error', (t) => {
  t.throws(() => parseOpDef(Uint8Array.from(stringField(1, 'Concat')).subarray(0, 5)), { message: /cut short/ });
});

test('flat inputs are sorted into single ones and the list', (t) => {
  t.deepEqual(groupInputs(concat, ['a', 'b', 'axis'], none), [['a', 'b'], 'axis']);
  t.deepEqual(groupInputs(concat, ['a', 'axis'], none), [['a'], 'axis']);
  const pair = opDef('Pair', [argument('x'), argument('y')]);
  t.deepEqual(groupInputs(pair, ['a', 'b'], none), ['a', 'b']);
});

test('several lists need their lengths, from an integer or a list of types', (t) => {
  const two = opDef('Two', [
    argument('first', { type: 'T', number: 'N' }),
    argument('between'),
    argument('second', { list: 'Ts' }),
  ]);
  const lengths = new Map([
    ['N', 2],
    ['Ts', 1],
  ]);
  t.deepEqual(groupInputs(two, ['a', 'b', 'c', 'd'], lengths), [['a', 'b'], 'c', ['d']]);
  t.throws(() => groupInputs(two, ['a', 'b', 'c', 'd'], none), {
    message: "Two: the length of its list 'first' is missing",
  });
});

test('a wrong number of inputs names the op and what it takes', (t) => {
  const pair = opDef('Pair', [argument('x'), argument('y')]);
  t.throws(() => groupInputs(pair, ['a'], none), { message: 'Pair takes x, y; got 1 inputs' });
  t.throws(() => groupInputs(pair, ['a', 'b', 'c'], none), { message: 'Pair takes x, y; got 3 inputs' });
});
