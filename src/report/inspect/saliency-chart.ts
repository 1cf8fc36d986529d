import { plot } from '../plot.js';
import { linearTicks } from '../ticks.js';
import { pngOf } from './png.js';

/** A spectrogram with what of it a score comes from. */
export interface SaliencyChart {
  title: string;
  /** Of the whole drawing. */
  seconds: number;
  /** Log mel energies. // [frames, bins] */
  spectrogram: Float32Array;
  /** At the same places, not negative. // [frames, bins] */
  saliency: Float32Array;
  frames: number;
  bins: number;
  /** The band of the mel bins. */
  lowHz: number;
  highHz: number;
}

/** Pixels of a cell in a picture of its own. */
const SCALE = 4;
/** The colour of what is salient. */
const WARM = [255, 106, 0];
const TICKS_HZ = [250, 500, 1000, 2000, 4000];

/** The spectrogram in grey, the higher the frequency the higher up, and salient places in orange: as the bytes of a PNG file. */
export const saliencyPng = (chart: SaliencyChart): Uint8Array => picture(chart, SCALE);

function picture({ spectrogram, saliency, frames, bins }: SaliencyChart, scale: number): Uint8Array {
  const sorted = spectrogram.toSorted();
  const quantile = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  const [low, high] = [quantile(0.02), quantile(0.995)];
  const largest = saliency.reduce((most, value) => Math.max(most, value), 0) || 1;
  const [width, height] = [frames * scale, bins * scale];
  const rgb = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    const bin = bins - 1 - Math.floor(y / scale);
    for (let x = 0; x < width; x++) {
      const at = Math.floor(x / scale) * bins + bin;
      const grey = 235 * Math.min(1, Math.max(0, (high - spectrogram[at]) / (high - low || 1))) + 10;
      const share = 0.85 * (saliency[at] / largest);
      for (let c = 0; c < 3; c++) rgb[3 * (y * width + x) + c] = Math.round(grey * (1 - share) + WARM[c] * share);
    }
  }
  return pngOf(rgb, width, height);
}

const melOf = (hz: number): number => 1127 * Math.log(1 + hz / 700);

/** The same as a drawing with axes. */
export function saliencyChart(chart: SaliencyChart): string {
  const { title, seconds, bins, lowHz, highHz } = chart;
  const place = (hz: number) => (bins * (melOf(hz) - melOf(lowHz))) / (melOf(highHz) - melOf(lowHz));
  const image = Buffer.from(picture(chart, 1)).toString('base64');
  return plot({
    label: `${title}: spectrogram of ${seconds.toFixed(1)} s, salient places marked`,
    x: { title: 'seconds of sound', range: [0, seconds], ticks: linearTicks(0, seconds) },
    y: {
      title: 'Hz',
      range: [0, bins],
      ticks: TICKS_HZ.filter((hz) => hz > lowHz && hz < highHz).map((hz) => ({ at: place(hz), text: String(hz) })),
    },
    marks: ({ width, height }) =>
      `<image width="${width}" height="${height}" preserveAspectRatio="none" href="data:image/png;base64,${image}"/>`,
  });
}

/** The drawing as an SVG file of its own. */
export const saliencySvg = (chart: SaliencyChart): string =>
  saliencyChart(chart)
    .replace('<svg ', '<svg xmlns="http://www.w3.org/2000/svg" ')
    .replace(/>/, '><style>text{font:12px sans-serif;fill:#62656b}.grid{stroke:#ebe9e4}.base{stroke:#62656b}</style>');
