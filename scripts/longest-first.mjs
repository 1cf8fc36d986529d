/**
 * Test files that take longest, the longest first; a whole run lists its slowest ten at the end. They start first, so that no processor is idle
 * while another one finishes the last of them.
 */
export const LONGEST = [
  'test/package/pack.test.ts',
  'test/stages/loop/loop.test.ts',
  'test/stages/recipe.test.ts',
  'test/onnx/every-backbone.test.ts',
  'test/ssl/every-method.test.ts',
  'test/losses/every-loss.test.ts',
  'test/cli/run-workers.test.ts',
  'test/cli/learn/learn.test.ts',
  'test/cli/packaged-model.test.ts',
  'test/cli/speaker-tools.test.ts',
  'test/cli/diarize.test.ts',
  'test/cli/without-tensorflow.test.ts',
  'test/cli/plan/plan.test.ts',
  'test/cli/run/run.test.ts',
  'test/stages/classical/classical.test.ts',
  'test/stages/distill/distill.test.ts',
  'test/stages/without-trials.test.ts',
  'test/train/workers/pretraining.test.ts',
  'test/engine/fuzz.test.ts',
  'test/backbones/resnet.test.ts',
  'test/backbones/reversible-df-resnet.test.ts',
  'test/backbones/reversible-gradients.test.ts',
];

const place = (file) => {
  const at = LONGEST.findIndex((name) => file.replaceAll('\\', '/').endsWith(`dist/${name.replace(/ts$/, 'js')}`));
  return at < 0 ? LONGEST.length : at;
};

/** Compares compiled test files: the longest in their order, then all others by name. */
export const longestFirst = (a, b) => place(a) - place(b) || a.localeCompare(b);
