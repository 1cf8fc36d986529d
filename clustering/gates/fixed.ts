import { defineGate, z } from '../../src/index.js';

const options = z.strictObject({
  threshold: z.number().positive().default(1).describe('the largest loss that is kept'),
});

/**
 * The gate of loss-gated learning (Tao et al., "Self-supervised Speaker Recognition with Loss-gated Learning", ICASSP 2022,
 * arXiv:2110.03869).
 */
export default defineGate({
  name: 'fixed',
  summary: 'Keeps losses up to a fixed threshold (loss-gated learning, Tao et al. 2022).',
  options,
  threshold: (_, { threshold }) => ({ threshold }),
});
