import test from 'ava';

const { slowest } = (await import(new URL('../../../scripts/slowest.mjs', import.meta.url).href)) as {
  slowest(times: string, count: number): string[];
};

test('the slowest tests and files come first, as many as asked', (t) => {
  const times = [
    { file: 'test/a.test.ts', title: 'quick', seconds: 0.04, fileSeconds: 1 },
    { file: 'test/b.test.ts', title: 'slow', seconds: 12.34, fileSeconds: 13 },
    { file: 'test/a.test.ts', title: 'middling', seconds: 2, fileSeconds: 3.5 },
    { file: 'test/c.test.ts', title: 'quickest', seconds: 0, fileSeconds: 0.2 },
  ];
  t.deepEqual(slowest(times.map((line) => `${JSON.stringify(line)}\n`).join(''), 2), [
    'slowest tests:',
    '   12.3 s  test/b.test.ts: slow',
    '    2.0 s  test/a.test.ts: middling',
    'slowest files:',
    '   13.0 s  test/b.test.ts',
    '    3.5 s  test/a.test.ts',
  ]);
});

test('a run without a finished test has nothing to show', (t) => {
  t.deepEqual(slowest('', 10), []);
});
