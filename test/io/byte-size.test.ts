import test from 'ava';
import { UserError } from '../../src/errors.js';
import { formatByteSize, isByteSize, parseByteSize } from '../../src/io/byte-size.js';

test('sizes as people write them', (t) => {
  const sizes: [string, number][] = [
    ['11GiB', 11 * 2 ** 30],
    ['11264MiB', 11 * 2 ** 30],
    ['800MB', 800e6],
    [' 1.5 GiB ', 1.5 * 2 ** 30],
    ['64kib', 65536],
    ['1TB', 1e12],
    ['12b', 12],
  ];
  for (const [text, bytes] of sizes) t.is(parseByteSize(text, '--memory'), bytes, text);
});

test('what is no size is refused with examples', (t) => {
  for (const text of ['', '11', 'GiB', '0GiB', '-1GiB', '1,5GiB', '11 gigs', '1e3MB', '11GiBs', 'NaNMB']) {
    t.false(isByteSize(text), text);
    t.throws(
      () => parseByteSize(text, '--memory'),
      { instanceOf: UserError, message: /^--memory .*11GiB.*800MB/ },
      text,
    );
  }
});

test('sizes for people', (t) => {
  const texts = [0, 812, 2048, 4.5 * 2 ** 20, 12.345 * 2 ** 30].map(formatByteSize);
  t.deepEqual(texts, ['0 B', '812 B', '2.0 KiB', '4.5 MiB', '12.35 GiB']);
});
