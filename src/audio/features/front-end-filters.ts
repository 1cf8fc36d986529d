import { type FbankOptions, type FrontEnd, upperHz } from './fbank-options.js';

/** A scale of pitch, from Hz and back. */
interface MelScale {
  mel(hz: number): number;
  hz(mel: number): number;
}

/** 2595 log10(1 + f / 700), as in HTK. */
const HTK: MelScale = {
  mel: (hz) => 2595 * Math.log10(1 + hz / 700),
  hz: (mel) => 700 * (10 ** (mel / 2595) - 1),
};

/** Straight up to 1000 Hz, 15 steps, and logarithmic above, 27 steps for a factor of 6.4, as in M. Slaney's Auditory Toolbox (1998). */
const SLANEY: MelScale = {
  mel: (hz) => (hz < 1000 ? (3 * hz) / 200 : 15 + (27 * Math.log(hz / 1000)) / Math.log(6.4)),
  hz: (mel) => (mel < 15 ? (200 * mel) / 3 : 1000 * 6.4 ** ((mel - 15) / 27)),
};

/**
 * Triangular filters over the bins of a transform, weights [bins][fftLength / 2 + 1]; the triangles are straight in Hz. librosa's reach to
 * their neighbours' centres and have an area of 1; SpeechBrain's fall off above the centre as they rise below it, to a peak of 1; those of
 * torchaudio, sslsv's, reach to their neighbours' centres with a peak of 1.
 */
export function frontEndFilters(frontEnd: FrontEnd, options: FbankOptions, fftLength: number): Float64Array[] {
  const { bins, sampleRateHz, lowHz, highHz } = options;
  const scale = frontEnd === 'librosa' ? SLANEY : HTK;
  const [low, high] = [scale.mel(lowHz), scale.mel(upperHz(highHz, sampleRateHz))];
  const edges = Array.from({ length: bins + 2 }, (_, i) => scale.hz(low + ((high - low) * i) / (bins + 1)));
  return Array.from({ length: bins }, (_, bin) => {
    const [left, centre, right] = edges.slice(bin, bin + 3);
    const above = frontEnd === 'speechbrain' ? centre - left : right - centre;
    const peak = frontEnd === 'librosa' ? 2 / (right - left) : 1;
    return Float64Array.from({ length: Math.floor(fftLength / 2) + 1 }, (_, i) => {
      const hz = (i * sampleRateHz) / fftLength;
      return peak * Math.max(0, Math.min((hz - left) / (centre - left), 1 - (hz - centre) / above));
    });
  });
}
