import type { Tensor } from '../../../src/engine/tf.js';
import { ALL_STAGES, eres2netNames, LAST_STAGES } from '../../../src/import/names/maps-of-3d-speaker.js';
import {
  astpNames,
  campplusNames,
  dfResnetNames,
  ecapaNames,
  repvggNames,
  resnetNames,
  xvectorNames,
} from '../../../src/import/names/maps-of-wespeaker.js';
import type { PublishedNames } from '../../../src/import/names/published-names.js';
import { backboneOf } from '../networks/build-backbone.js';
import { poolingOf } from '../networks/pooling-of.js';
import { compareWith, type Difference, type Oracle, readOracle } from './compare.js';
import { multiHeadNames, normedAstpNames } from './names.js';

interface Counterpart {
  /** Plugin and options in voxloop; the plugin is the oracle's name where none is given. */
  name?: string;
  options?: Record<string, unknown>;
  names: PublishedNames;
}

/** Backbones by the names of their oracles. */
export const BACKBONES: Readonly<Record<string, Counterpart>> = {
  resnet18: { names: resnetNames(10) },
  resnet34: { names: resnetNames(10) },
  rvector: { names: resnetNames(5) },
  resnet50: { names: resnetNames(10) },
  resnet101: { names: resnetNames(10) },
  resnet152: { names: resnetNames(10) },
  resnet221: { names: resnetNames(10) },
  resnet293: { names: resnetNames(10) },
  'df-resnet56': { names: dfResnetNames(10) },
  'df-resnet110': { names: dfResnetNames(10) },
  'df-resnet179': { names: dfResnetNames(10) },
  'df-resnet233': { names: dfResnetNames(10) },
  'gemini-df-resnet60': { names: dfResnetNames(5) },
  'gemini-df-resnet114': { names: dfResnetNames(5) },
  'gemini-df-resnet183': { names: dfResnetNames(5) },
  'gemini-df-resnet237': { names: dfResnetNames(5) },
  xvector: { names: xvectorNames },
  'ecapa-512': { names: ecapaNames(1536, false) },
  'ecapa-512-glob': { names: ecapaNames(1536, true) },
  'ecapa-512-glob-norm': {
    name: 'ecapa-512-glob',
    options: { embeddingNorm: 'affine' },
    names: ecapaNames(1536, true),
  },
  'ecapa-1024': { names: ecapaNames(1536, false) },
  'ecapa-1024-glob': { names: ecapaNames(1536, true) },
  campplus: { names: campplusNames(10) },
  'campplus-3d-speaker': {
    name: 'campplus',
    options: { pooling: { name: 'tstp', epsilon: 1e-12 } },
    names: campplusNames(10),
  },
  eres2net: { options: { pooling: { name: 'tstp', epsilon: 1e-8 } }, names: eres2netNames(10, 2, ALL_STAGES) },
  'eres2net-v2': { options: { pooling: { name: 'tstp', epsilon: 1e-8 } }, names: eres2netNames(10, 2, LAST_STAGES) },
  'repvgg-a0': { names: repvggNames(10) },
};

const CHANNELS = 32;
const none: PublishedNames = { rules: [] };

/** Poolings by the names of their oracles. */
export const POOLINGS: Readonly<Record<string, Counterpart & { name: string }>> = {
  'pooling-tap': { name: 'tap', names: none },
  'pooling-tsdp': { name: 'tsdp', names: none },
  'pooling-tstp': { name: 'tstp', names: none },
  'pooling-astp': { name: 'astp', names: astpNames(CHANNELS, false) },
  'pooling-astp-glob': { name: 'astp', options: { globalContext: true }, names: astpNames(CHANNELS, true) },
  'pooling-astp-norm': { name: 'astp', options: { norm: true }, names: normedAstpNames },
  'pooling-mhastp': { name: 'mhastp', names: multiHeadNames },
  'pooling-mhastp-channels': {
    name: 'mhastp',
    options: { heads: 4, layers: 3, perChannel: true },
    names: multiHeadNames,
  },
  'pooling-mqmhastp': { name: 'mqmhastp', names: multiHeadNames },
};

const inference = { training: false };

/** A backbone beside its oracle; `options` change voxloop's. */
export async function compareBackbone(
  key: string,
  options: Record<string, unknown> = {},
): Promise<Difference & { oracle: Oracle }> {
  const oracle = readOracle(key);
  const { name = key, names, options: own } = BACKBONES[key];
  const build = await backboneOf(name, { ...own, ...options }, oracle.bins);
  const network = (scope: Parameters<typeof build>[0]) => {
    const { embed } = build(scope);
    return (features: Tensor) => embed(features, inference);
  };
  return Object.assign(await compareWith(oracle, network, names), { oracle });
}

/** A pooling beside its oracle. */
export async function comparePooling(key: string): Promise<Difference & { oracle: Oracle }> {
  const oracle = readOracle(key);
  const { name, names, options } = POOLINGS[key];
  const build = await poolingOf(name, options);
  const network = (scope: Parameters<typeof build>[0]) => {
    const { pool } = build(scope.child('pooling'), CHANNELS);
    return (features: Tensor) => pool(features, inference);
  };
  return Object.assign(await compareWith(oracle, network, names), { oracle });
}
