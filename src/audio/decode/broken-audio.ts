import { shellWord, UserError } from '../../errors.js';

/** The error for a recording that ends before the length it states. `wanted` is null where the format does not say. */
export function cutShort(name: string, samples: number, wanted: number | null): UserError {
  const there =
    wanted === null ? `it breaks off after ${samples} samples` : `${samples} of ${wanted} samples are there`;
  const rest = samples > 0 ? `keep what is there: ffmpeg -i ${shellWord(name)} whole.wav` : 'leave it out.';
  return new UserError(`${name} is cut short: ${there}. Copy or download it again, or ${rest}`);
}

/** The error for a recording whose bytes do not decode. */
export function damaged(name: string, why: string): UserError {
  return new UserError(`${name} is damaged: ${why}. Copy or download it again, or leave it out.`);
}

/** Sound that is well-formed but in an encoding that we do not read ourselves. */
export class UnsupportedSound extends UserError {
  /** @param what the encoding, as in "holds ..." */
  constructor(
    name: string,
    readonly what: string,
  ) {
    super(`${name} holds ${what}, which voxloop does not read. Convert it: ffmpeg -i ${shellWord(name)} out.wav`);
  }
}

export function unsupported(name: string, what: string): UnsupportedSound {
  return new UnsupportedSound(name, what);
}

/** Runs a decoder that reports every bad packet on the console; the same errors come back in its result. */
export function withoutConsole<T>(decode: () => T): T {
  const { error } = console;
  console.error = () => {};
  try {
    return decode();
  } finally {
    console.error = error;
  }
}
