import type { FeatureDefinition } from '../../audio/features/features.js';
import type { Hearing } from '../../embed/hearing.js';
import type { Checkpoint } from '../checkpoint/checkpoint.js';
import type { PublishedNames } from '../names/published-names.js';

/** A published model, recognised: everything that turns its checkpoint into a model of voxloop. */
export interface Source {
  /** Of its network, for people: `WeSpeaker ResNet34`. */
  name: string;
  backbone: { name: string; options: Record<string, unknown> };
  features: FeatureDefinition;
  embeddingSize: number;
  /** What it hears of a recording. Default: unchanged. */
  hearing?: Hearing;
  names: PublishedNames;
  /** Variables that the published model does not have, and that are drawn: those whose name begins so. Default: none. */
  drawn?: readonly string[];
  /** In front of every published name. */
  prefix?: string;
  /** Names of tensors that are no part of the network: of a loss, of a head, of another copy of the network. */
  unused?: RegExp;
  /** What the weights may be used for, where they do not come with a licence of their own. */
  licence: string;
}

/** A checkpoint and what lies beside it. */
export interface Found {
  checkpoint: Checkpoint;
  /** Folder of the checkpoint. */
  dir: string;
}
