import { defineGate, z } from '../../src/index.js';

const options = z.strictObject({
  threshold: z.number().positive().default(1).describe('the largest loss that is kept'),
});

export default defineGate({
  name: 'fixed',
  summary: 'Keeps losses up to a fixed threshold (loss-gated learning, Tao et al. 2022).',
  options,
  threshold: (_, { threshold }) => ({ threshold }),
});
