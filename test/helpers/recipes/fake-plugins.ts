/**
 * A user's plugin file with tiny stages. `count` counts to `to`, one line of counted.txt for each number, waits for
 * `pauseMs` after each, and goes on after the last line when resumed; `add` sums the counts of others, and publishes the total; `nest` runs two counts of
 * its own, of which the second counts as far as the first one's sum, and adds them to the one it is given.
 */
export const fakePlugins = `
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { artifact, defineAugmentation, defineStage, pluginChoice, UserError, z } from 'voxloop';

const count = defineStage({
  name: 'count',
  summary: 'Counts.',
  options: z.strictObject({
    to: z.int().min(1).default(3).describe('the last number'),
    pauseMs: z.number().default(0),
    failAt: z.int().optional(),
    stopAt: z.int().optional(),
    needs: z.string().optional().describe('a file that must be there'),
    scale: z.strictObject({ factor: z.number().default(1) }).prefault({}),
  }),
  convertible: ['pauseMs'],
  check(_context, { needs }) {
    return needs === undefined || existsSync(needs) ? undefined : [needs + ' does not exist'];
  },
  async run({ dir, resume, progress, signal, log }, { to, pauseMs, failAt, stopAt, scale }) {
    const file = join(dir, 'counted.txt');
    const lines = resume && existsSync(file) ? readFileSync(file, 'utf8').split('\\n').filter(Boolean) : [];
    log(resume ? 'resumed at ' + lines.length : 'from the start');
    for (let step = lines.length + 1; step <= to; step++) {
      signal.throwIfAborted();
      if (step === failAt) throw new UserError('cannot count to ' + step);
      appendFileSync(file, step + '\\n');
      progress.update({ step, total: to, fields: { loss: 1 / step } });
      if (step === stopAt) process.kill(process.pid, 'SIGKILL');
      await setTimeout(pauseMs);
    }
    const numbers = readFileSync(file, 'utf8').trim().split('\\n').map(Number);
    return { sum: scale.factor * numbers.reduce((a: number, b: number) => a + b, 0), numbers };
  },
});

const add = defineStage({
  name: 'add',
  summary: 'Adds counts up.',
  options: z.strictObject({
    counts: z.array(artifact('count')),
    noise: pluginChoice('augmentation', 'hiss'),
  }),
  publishes: ['total.txt'],
  async run(context, { counts, noise }) {
    const sums = counts.map((name: string) => (context.artifact(name).result as { sum: number }).sum);
    const total = sums.reduce((a: number, b: number) => a + b, 0);
    writeFileSync(join(context.dir, 'total.txt'), String(total));
    return { total, noise: noise.name, table: 'total ' + total };
  },
});

const nest = defineStage({
  name: 'nest',
  summary: 'Runs other stages.',
  options: z.strictObject({ counts: artifact('count'), to: z.int().default(2), wrong: z.boolean().default(false) }),
  async run(context, { counts, to, wrong }) {
    const first = await context.inner('first', 'count', wrong ? { till: to } : { to });
    const { sum } = first.result as { sum: number };
    const second = await context.inner('second', 'count', { to: sum });
    const both = await context.inner('both', 'add', { counts: [counts, 'first', 'second'] });
    return { sum, total: (both.result as { total: number }).total, same: context.artifact('second').dir === second.dir };
  },
});

const hiss = defineAugmentation({
  name: 'hiss',
  summary: 'Hisses.',
  options: z.strictObject({ level: z.number().min(0).default(0.5), colour: z.enum(['white', 'pink']).default('white') }),
  apply: (wave) => wave,
});

export default [count, add, nest, hiss];
`;
