import type { Command } from 'commander';
import { UserError } from '../../errors.js';
import type { ExplainedScore, Reference } from '../../tools/inspect/explain-score.js';
import { addModelOptions, type ModelOptions } from '../options/model-options.js';
import { outputOption } from '../options/output-files.js';

interface SaliencyOptions extends ModelOptions {
  store?: string;
  speaker?: string;
  layer?: string;
  raw?: boolean;
  out?: string;
  json?: boolean;
}

const AFTER = `
LayerCAM on a layer: where a place's activations, weighted by the positive part of the score's gradient, sum to more than nothing, it speaks
for the score. The last map over time and frequency is shown, stretched over the spectrogram; networks over time alone have none, and
their features are shown, or, with --layer, when a layer of frames speaks for the score.

  voxloop saliency call.wav enrolment.wav --out call.svg
  voxloop saliency call.wav --store voices --speaker ada --model RUN/stages/embed/model --out call.png
`;

/** `voxloop saliency`: what in a recording a score rests on. */
export function register(program: Command): void {
  const command = program
    .command('saliency')
    .summary('what in a recording does its score rest on?')
    .description(
      'Shows, over the spectrogram of a recording, what speaks for its score with another recording or an enrolled speaker.',
    )
    .argument('<file>', 'the recording to explain')
    .argument('[other]', 'the recording that it is compared with')
    .option('--store <dir>', 'folder of enrolled speakers, with --speaker instead of another recording')
    .option('--speaker <name>', 'the enrolled speaker that it is compared with')
    .option(
      '--layer <name>',
      'the layer to look at: features, or a name that --json lists (default: the last map, else features)',
    )
    .option('--raw', "compare without subtracting the model's mean embedding")
    .addOption(outputOption(program, '--out <file>', 'write the picture: .svg, .png or .html'))
    .option('--json', 'print {score, layer, layers, seconds, peak: {seconds, hz}, times, rows, saliency: [...]}');
  addModelOptions(command).addHelpText('after', AFTER).action(explain);
}

async function explain(file: string, other: string | undefined, options: SaliencyOptions): Promise<void> {
  const reference = referenceOf(other, options);
  const write = await writerFor(options.out);
  const { explainScore } = await import('../../tools/inspect/explain-score.js');
  const found = await explainScore(file, reference, options);
  write?.(found);
  const { score, layer, layers, seconds, peak, times, rows, saliency } = found;
  const text = options.json
    ? JSON.stringify({ score, layer, layers, seconds, peak, times, rows, saliency: Array.from(saliency) })
    : `${options.out === undefined ? '' : `${options.out}: `}score ${score.toFixed(4)}; most salient at ${peak.seconds.toFixed(2)} s, ${peak.hz} Hz (${layer})`;
  process.stdout.write(`${text}\n`);
}

function referenceOf(other: string | undefined, { store, speaker }: SaliencyOptions): Reference {
  if (other !== undefined && store === undefined && speaker === undefined) return { file: other };
  if (other === undefined && store !== undefined && speaker !== undefined) return { store, speaker };
  throw new UserError('Name what the recording is compared with: another recording, or --store and --speaker.');
}

/** Writes the picture in the form that the file's name asks for. @throws UserError for another form */
async function writerFor(out: string | undefined): Promise<((found: ExplainedScore) => void) | undefined> {
  if (out === undefined) return undefined;
  const form = /\.(svg|png|html)$/.exec(out)?.[1];
  if (!form) throw new UserError(`--out ${out}: pictures are .svg, .png or .html files. Name one of these.`);
  const [{ saliencyPng, saliencySvg }, { renderReport }, { writeFileAtomic }] = await Promise.all([
    import('../../report/inspect/saliency-chart.js'),
    import('../../report/render.js'),
    import('../../io/atomic.js'),
  ]);
  return ({ chart }) => {
    const content =
      form === 'svg'
        ? saliencySvg(chart)
        : form === 'png'
          ? saliencyPng(chart)
          : renderReport({ title: 'What a score rests on', saliencies: [chart] });
    writeFileAtomic(out, content);
  };
}
