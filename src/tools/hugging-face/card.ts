import { stringify } from 'yaml';
import type { Hearing } from '../../embed/hearing.js';
import type { ModelInfo } from '../../embed/model-file.js';
import type { ListResult } from '../../eval/detection/figures.js';
import type { SystemFigures } from './figures.js';

/** What a model card tells. */
export interface CardFacts {
  /** The model's name for people. */
  name: string;
  info: ModelInfo;
  /** Numbers of the network, running statistics included. */
  numbers: number;
  /** As Hugging Face writes it, such as `cc-by-4.0`. */
  licence: string;
  /** ISO 639 code, where it is one language. */
  language?: string;
  figures?: SystemFigures;
  /** Whether transformers.js computes its features. */
  forTransformers: boolean;
  /** The model's own text, in Markdown. */
  text?: string;
}

const TASK = { type: 'speaker-verification', name: 'Speaker verification' };

/** README.md of a model on Hugging Face: the header that its site reads, and what people read. */
export function modelCard(facts: CardFacts): string {
  const parts = [`# ${facts.name}`, aboutText(facts), figuresText(facts.figures), useText(facts), ownText(facts.text)];
  return `---\n${stringify(headerOf(facts), { lineWidth: 0 })}---\n\n${parts.filter(Boolean).join('\n\n')}\n`;
}

function headerOf({ name, licence, language, figures, forTransformers }: CardFacts): Record<string, unknown> {
  const tags = ['speaker-embedding', 'speaker-verification', 'speaker-recognition', 'speaker-diarization', 'onnx'];
  return {
    license: licence,
    ...(language !== undefined && { language: [language] }),
    library_name: 'voxloop',
    pipeline_tag: 'feature-extraction',
    tags: tags.concat('safetensors', forTransformers ? ['transformers.js'] : []),
    ...(figures && { metrics: ['eer', 'mindcf'] }),
    ...(figures && { 'model-index': [{ name, results: Object.entries(figures.lists).map(resultOf) }] }),
  };
}

/** A result as Hugging Face lists it; rates stay fractions. */
function resultOf([list, { eer, minDcf }]: [string, ListResult]) {
  const costs = Object.entries(minDcf ?? {}).map(([prior, value]) => {
    return { type: 'mindcf', name: `minDCF at a target prior of ${prior}`, value };
  });
  return {
    task: TASK,
    dataset: { type: list, name: list },
    metrics: [{ type: 'eer', name: 'equal error rate', value: eer }, ...costs],
  };
}

function aboutText({ info, numbers, licence }: CardFacts): string {
  const { features, backbone, embeddingSize } = info;
  const rows = [
    ['origin', info.origin],
    ['network', `\`${backbone.name}\` of voxloop, ${(numbers / 1e6).toFixed(2)} million numbers`],
    ['embedding', `${embeddingSize} numbers; compare two by their cosine`],
    ['input', `speech at ${features.sampleRateHz / 1000} kHz, mono; ${features.bins} filter banks`],
    ['licence', info.licence ?? licence],
  ];
  const table = rows.map(([what, is]) => `| ${what} | ${is} |`).join('\n');
  return `A speaker embedding: one vector for a recording, close to those of other recordings of the same voice.\n\n| | |\n|---|---|\n${table}`;
}

const percent = (rate: number): string => `${(100 * rate).toFixed(1)} %`;

/** Rates in percent with their intervals; costs of the priors that were asked for. */
function figuresText(figures: SystemFigures | undefined): string {
  if (!figures) return '';
  const rows = Object.entries(figures.lists).map(([list, { eer, interval, minDcf, trials }]) => {
    const [low, high] = interval?.eer ?? [];
    const range = low === undefined || high === undefined ? '' : ` (${percent(low)} to ${percent(high)})`;
    const costs = Object.entries(minDcf ?? {}).map(([prior, value]) => `${value.toFixed(3)} at ${prior}`);
    return `| ${list} | ${trials ?? ''} | ${percent(eer)}${range} | ${costs.join(', ')} |`;
  });
  return [
    `## Figures\n\nOf '${figures.system}' in the run's results.json; intervals of 95 % over speakers, minDCF by target prior.`,
    `| trial list | trials | equal error rate | minDCF |\n|---|---|---|---|\n${rows.join('\n')}`,
  ].join('\n\n');
}

function useText({ info, forTransformers }: CardFacts): string {
  const parts = ['## Use', VOXLOOP, forTransformers ? TRANSFORMERS : '', PYTHON, LEVELS[info.hearing ?? 'levelled']];
  return parts.filter(Boolean).join('\n\n');
}

const VOXLOOP = `With voxloop, where DIR is a download of this repository:

    npx voxloop similarity --model DIR a.wav b.wav`;

const TRANSFORMERS = `With transformers.js, where MODEL is this repository or a folder; \`fp16\` and \`q8\` are there, too:

\`\`\`javascript
import { AutoModel, AutoProcessor } from '@huggingface/transformers';
const processor = await AutoProcessor.from_pretrained(MODEL);
const model = await AutoModel.from_pretrained(MODEL, { dtype: 'fp32' });
// samples: Float32Array from -1 to 1 at 16 kHz
const { last_hidden_state } = await model(await processor(samples)); // [1, size]
\`\`\``;

const PYTHON = `With onnxruntime in any language: \`onnx/model.onnx\` takes \`input_features\` [batch, frames, bins] and gives \`last_hidden_state\`
[batch, size]. The features are Kaldi's filter banks of samples on int16 scale; the file's metadata \`features\` define them.`;

const LEVELS: Readonly<Record<Hearing, string>> = {
  levelled:
    'voxloop brings recordings into a range of levels, cuts silence at their ends and covers digital silence with a noise of one bit before it ' +
    'computes features; other programs do not. A threshold holds for vectors that were made in the same way.',
  unchanged: '',
  raised:
    'voxloop raises quiet recordings to -30 dB and fills them up to whole windows of 1.6 s before it computes features; other programs do not.',
};

/** A text without its title, which the card has. */
const ownText = (text = ''): string => text.replace(/^\s*# .*\n/, '').trim();
