/** The figures of one system in a published table. Rates are in percent, as printed; null is what the table leaves out. */
export interface PublishedRow {
  /** Who published it, as the table names them. */
  source: string;
  /** System or architecture. */
  system: string;
  /** By the table's columns, in their order. */
  figures: readonly (number | null)[];
}

/** A published table. Its figures are other people's, on their data; none is a result of this program. */
export interface PublishedTable {
  name: string;
  /** Where it stands. */
  document: string;
  /** What was measured, and on what. */
  title: string;
  columns: readonly string[];
  rows: readonly PublishedRow[];
}

const DECK =
  'S. Wang, B. Han, "Speaker Representation Learning: Theories, Applications and Practice", tutorial at NCMMSC, December 2023';
const MEMORY = 'abstract of arXiv 2412.01195, December 2024: memory-efficient training of deep speaker embeddings';
const DISTILLED =
  'abstract of arXiv 2303.01125, 2023: multi-level distillation of x-vectors for small-footprint verification';

/** The rows of a table, a line for each: who published it, the system, and its figures, `-` for what is left out. */
const rowsOf = (lines: string): PublishedRow[] =>
  lines
    .trim()
    .split('\n')
    .map((line) => {
      const [source, system, ...figures] = line.split('|').map((cell) => cell.trim());
      return { source, system, figures: figures.map((figure) => (figure === '-' ? null : Number(figure))) };
    });

const VOXCELEB = ['Vox1-O', 'Vox1-E', 'Vox1-H'].map((list) => `${list} EER %`);

/** Every table of results of the documents that voxloop was built after. */
export const publishedTables: readonly PublishedTable[] = [
  {
    name: 'self-supervised',
    document: DECK,
    title: 'Self-supervised systems on VoxCeleb1',
    columns: VOXCELEB,
    rows: rowsOf(`
      3D-Speaker | RDINO, ECAPA-TDNN C1024 | 3.16 | - | -
      WeSpeaker | SimCLR, ECAPA-TDNN | 8.523 | 9.417 | 14.907
      WeSpeaker | MoCo, ECAPA-TDNN | 8.709 | 9.287 | 14.756
      WeSpeaker | DINO, ResNet34 | 3.17 | 3.324 | 5.821
      WeSpeaker | DINO, ECAPA-TDNN C512 | 3.016 | 3.093 | 5.538
      WeSpeaker | DINO, ECAPA-TDNN C1024 | 2.627 | 2.665 | 4.644
    `),
  },
  {
    name: 'supervised',
    document: DECK,
    title: 'Supervised systems on VoxCeleb1, trained on VoxCeleb2 dev',
    columns: ['Vox1-O', 'Vox1-E', 'Vox1-H'].flatMap((list) => [`${list} EER %`, `${list} minDCF`]),
    rows: rowsOf(`
      IDLab VoxSRC 2020 | ECAPA-TDNN | 0.87 | 0.107 | 1.12 | 0.132 | 2.12 | 0.21
      BUT VoxSRC 2019 | ResNet34 | 1.31 | 0.154 | 1.38 | 0.163 | 2.5 | 0.233
      ASV-Subtools | ECAPA-TDNN | 0.856 | - | - | - | - | -
      ASV-Subtools | Conformer | 0.792 | - | - | - | - | -
      SpeechBrain | TDNN | 3.23 | - | - | - | - | -
      SpeechBrain | ECAPA-TDNN | 0.9 | - | - | - | - | -
      SpeechBrain | ECAPA-TDNN * | 1.3 | - | 1.98 | - | 3.62 | -
      NeMo | TDNN | 1.96 | - | - | - | - | -
      NeMo | ECAPA-TDNN | 0.92 | - | - | - | - | -
      NeMo | titanet_large | 0.66 | - | - | - | - | -
      WeSpeaker | TDNN | 1.59 | 0.166 | 1.641 | 0.17 | 2.726 | 0.248
      WeSpeaker | ECAPA-TDNN | 0.728 | 0.099 | 0.929 | 0.1 | 1.721 | 0.169
      WeSpeaker | CAM++ | 0.654 | 0.087 | 0.805 | 0.092 | 1.576 | 0.164
      WeSpeaker | RepVGG | 0.75 | 0.083 | 0.846 | 0.09 | 1.495 | 0.141
      WeSpeaker | ResNet34 | 0.723 | 0.069 | 0.867 | 0.097 | 1.532 | 0.146
      WeSpeaker | ResNet50 | 0.803 | 0.061 | 0.887 | 0.092 | 1.519 | 0.136
      WeSpeaker | ResNet101 | 0.542 | 0.052 | 0.758 | 0.079 | 1.398 | 0.128
      WeSpeaker | ResNet152 | 0.495 | 0.033 | 0.685 | 0.069 | 1.205 | 0.105
      WeSpeaker | ResNet221 | 0.505 | 0.045 | 0.676 | 0.067 | 1.213 | 0.111
      WeSpeaker | ResNet293 | 0.447 | 0.043 | 0.657 | 0.066 | 1.183 | 0.111
    `),
  },
  {
    name: 'cnceleb',
    document: DECK,
    title: 'Supervised systems on CNCeleb-Eval',
    columns: ['EER %', 'minDCF'],
    rows: rowsOf(`
      ASV-Subtools | ResNet34 | 9.141 | 0.463
      WeSpeaker | TDNN | 8.96 | 0.446
      WeSpeaker | ECAPA-TDNN | 7.395 | 0.372
      WeSpeaker | CAM++ | 7.052 | 0.368
      WeSpeaker | ResNet34 | 6.492 | 0.354
      WeSpeaker | ResNet221 | 5.655 | 0.33
    `),
  },
  {
    name: 'fine-tuned',
    document: DECK,
    title: 'Pretraining and fine-tuning on CNCeleb-Eval',
    columns: ['EER %', 'minDCF'],
    rows: rowsOf(`
      Heo et al. | VoxCeleb2 ECAPA-TDNN, then CNCeleb1 | 10.65 | -
      Kang et al. | VoxCeleb2 ECAPA-TDNN, then CNCeleb1 | 8.71 | 0.422
      Han et al. | VoxCeleb2 ECAPA-TDNN, then CNCeleb1 | 10.03 | 0.539
      Peng et al. | CNCeleb1 HuBERT (94.6M) before ECAPA-TDNN, CNCeleb1 | 10.86 | -
      (number cut off) | CNCeleb-Train HuBERT (94.6M) before ECAPA-TDNN, CNCeleb-Train | 8.89 | -
      (number cut off) | CNCeleb-Train Conformer (172.2M) before MHFA, CNCeleb-Train | 7.73 | 0.406
      Peng et al. (adapters) | 94,000 h WavLM (94.7M) before MAM and MHFA, VoxCeleb2 and CNCeleb-Train | 6.89 | 0.378
      Liao et al. | WenetSpeech Conformer (18.8M), then CNCeleb-Train | 7.42 | 0.443
      Wang, Han et al. | WenetSpeech DINO ECAPA-TDNN, then CNCeleb1 | 7.373 | 0.383
      Wang, Han et al. | the same, filtered | 7.339 | 0.377
      Wang, Han et al. | WenetSpeech DINO ECAPA-TDNN, then CNCeleb-Train | 6.738 | 0.338
      Wang, Han et al. | the same, filtered, CNCeleb-Train | 6.474 | 0.331
    `),
  },
  {
    name: 'compressed',
    document: DECK,
    title: 'Compressed ResNet34 and compact architectures on Vox1-O',
    columns: ['MB', 'bits', 'EER %'],
    rows: rowsOf(`
      Wang et al. | KMQAT-ResNet34 | 3.45 | 4 | 0.957
      Li et al. | PoT-ResNet34 | 3.45 | 4 | 1.09
      Li, Zhang, Liu | TWN-ResNet34 | 1.8 | 2 | 1.473
      Liu, Wang, Qian | b-vector (adaptive) | 0.97 | 1 | 1.72
      Zhu, Qin, Li | ResNet34 (binary) | 0.66 | 1 | 5.355
      Cai et al. | CS-CTCSConv1d | 0.96 | 32 | 2.62
      Li et al. | ECAPA-TDNNLite | 1.2 | 32 | 3.07
    `),
  },
  {
    name: 'phonetic',
    document: DECK,
    title: 'Phonetic information in training, on VoxCeleb1',
    columns: VOXCELEB,
    rows: rowsOf(`
      the deck | x-vector baseline | 2.361 | 2.47 | 4.26
      the deck | FRM-MT | 2.165 | 2.198 | 3.911
      the deck | FRM-ADV | 3.143 | 3.214 | 5.419
      the deck | SEG-MT | 2.175 | 2.33 | 4.059
      the deck | SEG-ADV | 2.154 | 2.198 | 3.923
      the deck | COMBINE | 2.013 | 2.03 | 3.819
    `),
  },
  {
    name: 'face-and-voice',
    document: DECK,
    title: 'Similarities of face and of voice: three pairs of one person, then two of different persons',
    columns: ['face', 'voice'],
    rows: rowsOf(`
      Qian, Chen, Wang | same person 1 | 0.46 | 0.79
      Qian, Chen, Wang | same person 2 | 0.47 | 0.75
      Qian, Chen, Wang | same person 3 | 0.44 | 0.75
      Qian, Chen, Wang | different persons 1 | 0.73 | 0.52
      Qian, Chen, Wang | different persons 2 | 0.74 | 0.47
    `),
  },
  {
    name: 'memory',
    document: MEMORY,
    title: 'Memory of training on VoxCeleb, beside the vanilla systems',
    columns: ['times less', '% saved'],
    rows: rowsOf(`
      the abstract | reversible networks and 8-bit optimizers together, at most | 16.2 | -
      the abstract | 8-bit SGD and Adam, of the optimizer states | - | 75
    `),
  },
  {
    name: 'distilled',
    document: DISTILLED,
    title: 'Size of students beside their x-vector teachers',
    columns: ['% smaller', '% smaller at most'],
    rows: rowsOf(`
      the abstract | students, by the size of the teacher embeddings | 85 | 91
      the abstract | students of concatenated teacher embeddings, as accurate as the teacher | 75 | -
    `),
  },
];
