/**
 * Time between the frames of a layer that gives `frames` of them for `featureFrames`, which follow each other every `shiftMs`. A layer of
 * stride k gives a k-th of the frames, rounded up, less those that unpadded convolutions lose: of the strides that are possible, the one
 * that loses nothing (of several a power of two), else the largest. Exact for crops of twice what unpadded convolutions lose.
 */
export function framePeriodMs(frames: number, featureFrames: number, shiftMs: number): number {
  const strides = Array.from({ length: featureFrames }, (_, i) => i + 1);
  const possible = strides.filter((stride) => Math.ceil(featureFrames / stride) >= frames);
  const lossless = possible.filter((stride) => Math.ceil(featureFrames / stride) === frames);
  const stride = lossless.find((value) => Number.isInteger(Math.log2(value))) ?? lossless[0] ?? possible.at(-1) ?? 1;
  return stride * shiftMs;
}
