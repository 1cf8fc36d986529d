import test from 'ava';
import fc from 'fast-check';
import { parseDecimal } from '../../../src/eval/score-files/decimal.js';

function parse(text: string): number {
  // Something that looks like a part of the number stands on either side.
  const bytes = Buffer.from(`1${text}1`);
  return parseDecimal(bytes, 1, bytes.length - 1);
}

test('every double comes back as Number reads it, however it is written', (t) => {
  const property = fc.property(fc.double({ noNaN: true }), fc.integer({ min: 1, max: 21 }), (value, digits) => {
    const forms = [
      String(value),
      value.toPrecision(digits),
      value.toExponential(digits - 1),
      value.toFixed(digits - 1),
    ];
    return forms.every((form) => Object.is(parse(form), Number(form)));
  });
  t.notThrows(() => fc.assert(property, { seed: 1, numRuns: 2000 }));
});

test('float32 scores of five to nine digits are read as Number reads them', (t) => {
  const property = fc.property(
    fc.float({ min: -50, max: 50, noNaN: true }),
    fc.integer({ min: 0, max: 9 }),
    (value, digits) => Object.is(parse(value.toFixed(digits)), Number(value.toFixed(digits))),
  );
  t.notThrows(() => fc.assert(property, { seed: 2, numRuns: 2000 }));
});

test('forms at the edges of the grammar', (t) => {
  const forms = ['7.', '.25', '+.25', '-0', '0e5', '1E3', '1e+03', '9007199254740993', '1e-400', '1e400', '00012.50'];
  for (const form of [...forms, `0.${'0'.repeat(40)}1`]) t.is(parse(form), Number(form), form);
  for (const form of ['inf', '+inf', 'Infinity', 'INF']) t.is(parse(form), Number.POSITIVE_INFINITY, form);
  t.is(parse('-inf'), Number.NEGATIVE_INFINITY);
});

for (const form of [
  '',
  '-',
  '+',
  '.',
  'e5',
  '1e',
  '1e+',
  '1e5x',
  '1..5',
  '0x10',
  '1,5',
  'nan',
  'infi',
  '--1',
  '1-',
  'i',
]) {
  test(`"${form}" is no number`, (t) => {
    t.is(parse(form), Number.NaN);
  });
}
