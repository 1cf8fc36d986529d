import test from 'ava';
import { z } from 'zod';
import { UserError } from '../../src/errors.js';
import { defineStage } from '../../src/plugin/define.js';
import { readResult } from '../../src/plugin/read-result.js';

const lists = z.object({ lists: z.record(z.string(), z.object({ eer: z.number() })) });
const artifact = (eer: number | null) => ({ dir: 'run/stages/result', result: { lists: { clean: { eer } } } });

test("a stage's result is read by the schema that the stage declares", (t) => {
  const stage = defineStage({
    name: 'score',
    summary: 'Scores.',
    options: z.strictObject({}),
    result: lists,
    run: async () => ({ lists: { clean: { eer: 0.1 } } }),
  });
  t.deepEqual(readResult(artifact(0.1), stage.result), { lists: { clean: { eer: 0.1 } } });
});

test('a result that the schema refuses names the file, the field and what to do', (t) => {
  t.throws(() => readResult(artifact(null), lists), {
    instanceOf: UserError,
    message:
      /result.stage\.json: result\.lists\.clean\.eer must be a number, but is empty\. Do the stage again with --force-stage/,
  });
  t.throws(() => readResult({ dir: 'run', result: null }, lists), { instanceOf: UserError });
});

test('a stage without a schema may return any JSON', (t) => {
  const stage = defineStage({
    name: 'any',
    summary: 'Returns what it likes.',
    options: z.strictObject({}),
    run: async () => ({ list: [1, 'two', null] }),
  });
  t.deepEqual(readResult({ dir: 'run', result: { list: [1, 'two', null] } }, stage.result), { list: [1, 'two', null] });
});
