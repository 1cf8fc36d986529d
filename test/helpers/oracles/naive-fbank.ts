import type { FbankOptions } from '../../../src/audio/features/fbank-options.js';

const mel = (hz: number) => 1127 * Math.log(1 + hz / 700);

/**
 * Kaldi's fbank by its definition: one frame after the other, plain loops, a direct Fourier sum, double precision. The
 * frame's samples are shifted and scaled as Kaldi's ProcessWindow does. Slow: for a few dozen frames.
 */
export function naiveFbank(wave: ArrayLike<number>, options: FbankOptions): number[][] {
  const { sampleRateHz, frameLengthMs, frameShiftMs, snipEdges } = options;
  const length = Math.trunc((sampleRateHz * frameLengthMs) / 1000);
  const shift = Math.trunc((sampleRateHz * frameShiftMs) / 1000);
  const sample = (i: number): number => {
    if (i < 0) return sample(-i - 1);
    return i >= wave.length ? sample(2 * wave.length - 1 - i) : wave[i];
  };
  const rows: number[][] = [];
  for (let frame = 0; ; frame++) {
    const start = snipEdges ? frame * shift : frame * shift + Math.floor(shift / 2) - Math.floor(length / 2);
    const past = snipEdges ? start + length > wave.length : frame >= Math.floor((wave.length + shift / 2) / shift);
    if (past) return rows;
    const samples = Array.from({ length }, (_, i) => sample(start + i));
    rows.push(melLogs(powers(shaped(samples, options)), options));
  }
}

function shaped(samples: number[], { removeDcOffset, preEmphasis, window }: FbankOptions): number[] {
  const length = samples.length;
  const mean = removeDcOffset ? samples.reduce((sum, value) => sum + value, 0) / length : 0;
  const centred = samples.map((value) => value - mean);
  return centred.map((value, i) => {
    const cosine = Math.cos((2 * Math.PI * i) / (length - 1));
    const weight = window === 'hamming' ? 0.54 - 0.46 * cosine : (0.5 - 0.5 * cosine) ** 0.85;
    return weight * (value - preEmphasis * centred[Math.max(i - 1, 0)]);
  });
}

/** |DFT|^2 at the bins below the Nyquist frequency, zero-padded to a power of two. */
function powers(samples: number[]): number[] {
  let size = 1;
  while (size < samples.length) size *= 2;
  const cosines = Array.from({ length: size }, (_, i) => Math.cos((2 * Math.PI * i) / size));
  const sines = Array.from({ length: size }, (_, i) => Math.sin((2 * Math.PI * i) / size));
  return Array.from({ length: size / 2 }, (_, bin) => {
    let [re, im] = [0, 0];
    for (let i = 0; i < samples.length; i++) {
      re += samples[i] * cosines[(bin * i) % size];
      im += samples[i] * sines[(bin * i) % size];
    }
    return re * re + im * im;
  });
}

function melLogs(power: number[], { bins, sampleRateHz, lowHz, highHz, energyFloor }: FbankOptions): number[] {
  const low = mel(lowHz);
  const high = mel(highHz > 0 ? highHz : sampleRateHz / 2 + highHz);
  const width = (high - low) / (bins + 1);
  return Array.from({ length: bins }, (_, bin) => {
    const [left, centre, right] = [low + bin * width, low + (bin + 1) * width, low + (bin + 2) * width];
    let energy = 0;
    power.forEach((value, i) => {
      const at = mel((i * sampleRateHz) / 2 / power.length);
      if (at > left && at < right) {
        energy += value * (at <= centre ? (at - left) / (centre - left) : (right - at) / (right - centre));
      }
    });
    return Math.log(Math.max(energy, energyFloor));
  });
}
