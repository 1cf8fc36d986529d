import test from 'ava';
import { checkedDecision } from '../../../src/train/gate/gate-rule.js';

test('a gate that rejects nearly all is ignored for that epoch, with a warning', (t) => {
  const known = Float32Array.from({ length: 1000 }, (_, i) => (i < 900 ? 1 + i : Number.NaN));
  const decide = (limit: number, losses = known) => {
    const lines: string[] = [];
    const rule = { name: 'any', threshold: () => ({ threshold: limit, components: { limit } }) };
    return { ...checkedDecision(rule, losses, 3, (line) => lines.push(line)), line: lines.join() };
  };
  const kept = decide(9);
  t.like(kept, { threshold: 9, components: { limit: 9 } });
  t.is(kept.line, 'epoch 3: the gate would keep 9 of the last 900 losses (loss up to 9.000)');
  for (const limit of [8, 0.5, 0, Number.NaN]) {
    const open = decide(limit);
    t.is(open.threshold, Number.POSITIVE_INFINITY);
    t.regex(open.line, /^epoch 3: WARNING: the gate 'any' keeps [08] of 900 losses .*every pseudo-label is believed/);
  }
  t.is(decide(Number.POSITIVE_INFINITY).line, 'epoch 3: the gate would keep 900 of the last 900 losses');
  t.is(decide(5, new Float32Array(4).fill(Number.NaN)).threshold, 5, 'no loss is known yet: no warning');
});
