import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeWav16 } from '../../../src/io/wav-write.js';
import { createRng } from '../../../src/random.js';
import { wavBytes } from '../../audio/decode/wav-bytes.js';

/** Noise, different for each name. */
function sound(name: string, seconds: number, sampleRateHz: number): Float32Array {
  const rng = createRng(name);
  return Float32Array.from({ length: seconds * sampleRateHz }, () => 0.1 * rng.normal());
}

/** Writes `count` recordings for each of these speakers: ROOT/SPEAKER/take/N.wav, of 0.4 s. */
export function writeRecordings(root: string, speakers: readonly string[], count: number): void {
  for (const speaker of speakers) {
    for (let n = 0; n < count; n++) {
      const file = `${speaker}/take/${n}.wav`;
      writeWav16(join(root, file), sound(file, 0.4, 16000), 16000);
    }
  }
}

/** Adds one recording of every kind that cannot be used to ROOT/FOLDER; returns their files with what is wrong. */
export function writeBadRecordings(root: string, folder: string): Record<string, { kind: string; reason: RegExp }> {
  const at = (name: string) => join(root, folder, name);
  mkdirSync(dirname(at('x')), { recursive: true });
  writeWav16(at('silent.wav'), new Float32Array(8000), 16000);
  writeWav16(
    at('faint.wav'),
    Float32Array.from({ length: 8000 }, (_, i) => (i % 2) / 32768),
    16000,
  );
  writeWav16(
    at('clipped.wav'),
    Float32Array.from({ length: 8000 }, (_, i) => Math.sign(Math.sin(i / 30))),
    16000,
  );
  writeWav16(at('short.wav'), sound('short', 0.1, 16000), 16000);
  writeFileSync(at('empty.wav'), '');
  writeFileSync(at('text.wav'), 'no sound at all');
  writeWav16(at('cut.wav'), sound('cut', 0.4, 16000), 16000);
  truncateSync(at('cut.wav'), 4000);
  const withNan = new Uint8Array(Float32Array.of(0.1, Number.NaN, ...new Array(8000).fill(0.1)).buffer);
  writeFileSync(at('nan.wav'), wavBytes({ formatTag: 3, bitsPerSample: 32, data: withNan }));
  writeFileSync(at('foreign.wav'), '#!SILK_V3 and what it holds');
  return {
    'clipped.wav': { kind: 'clipped', reason: /100 % of its samples/ },
    'cut.wav': { kind: 'unreadable', reason: /cut\.wav is cut short/ },
    'empty.wav': { kind: 'unreadable', reason: /empty \(0 bytes\)/ },
    'faint.wav': { kind: 'silent', reason: /louder than -66 dB/ },
    'foreign.wav': { kind: 'unreadable', reason: /SILK/ },
    'nan.wav': { kind: 'unreadable', reason: /NaN/ },
    'short.wav': { kind: 'too short', reason: /0\.10 s long; at least 0\.3 s/ },
    'silent.wav': { kind: 'unreadable', reason: /only silence/ },
    'text.wav': { kind: 'unreadable', reason: /not audio/ },
  };
}
