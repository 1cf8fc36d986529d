/**
 * Test files that take longest, the longest first; a whole run lists its slowest ten at the end. They start first, so that no processor is idle
 * while another one finishes the last of them.
 */
export const LONGEST = [
  'test/package/pack.test.ts',
  'test/stages/loop/loop.test.ts',
  'test/onnx/every-backbone.test.ts',
  'test/cli/run/run.test.ts',
  'test/stages/pretrain/collapse.test.ts',
  'test/stages/recipe.test.ts',
  'test/ssl/teacher-memory.test.ts',
  'test/package/strange-path.test.ts',
  'test/backbones/reversible-gradients.test.ts',
  'test/data/corpus/kaldi/kaldi.test.ts',
  'test/stages/pretrain/positives.test.ts',
  'test/cli/learn/learn.test.ts',
  'test/examples/examples.test.ts',
  'test/scripts/check-imports.test.ts',
  'test/stages/finetune/finetune.test.ts',
  'test/train/resume.test.ts',
  'test/engine/fuzz.test.ts',
  'test/cli/run-workers.test.ts',
  'test/cli/plan/plan.test.ts',
  'test/ssl/every-method.test.ts',
  'test/clustering/parts/choose-k.test.ts',
  'test/stages/distill/distill.test.ts',
  'test/stages/without-trials.test.ts',
  'test/stages/objectives/objectives.test.ts',
  'test/backbones/families.test.ts',
];

const place = (file) => {
  const at = LONGEST.findIndex((name) => file.replaceAll('\\', '/').endsWith(`dist/${name.replace(/ts$/, 'js')}`));
  return at < 0 ? LONGEST.length : at;
};

/** Compares compiled test files: the longest in their order, then all others by name. */
export const longestFirst = (a, b) => place(a) - place(b) || a.localeCompare(b);
