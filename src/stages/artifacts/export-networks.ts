import { join } from 'node:path';
import type { FeatureDefinition } from '../../audio/features/features.js';
import { saveWeights } from '../../embed/extract.js';
import type { Hearing } from '../../embed/hearing.js';
import { writeModel } from '../../embed/model-file.js';
import type { Session } from '../../engine/session/session.js';
import type { HostTensor } from '../../host-tensor.js';
import { asWritten, type PluginChoice } from '../../plugin/options.js';
import type { Network } from '../../train/step/ssl-method.js';

/** The origin of networks, and the folder to write them to. */
export interface NetworkExport {
  dir: string;
  method: string;
  backbone: PluginChoice<'backbone'>;
  features: FeatureDefinition;
  /** What they heard of recordings. Default: levelled. */
  hearing?: Hearing;
  /** Averaged weights of the first network by the variables' names, in place of its last ones. */
  averaged?: Record<string, HostTensor>;
}

/** Writes every network of a method to DIR/models/<name>; the first is the method's result. */
export async function exportNetworks(
  session: Session,
  networks: Record<string, Network>,
  { dir, method, backbone, features, hearing, averaged }: NetworkExport,
): Promise<void> {
  for (const [place, [name, network]] of Object.entries(networks).entries()) {
    const info = {
      origin: `${method} ${name}`,
      backbone: { name: backbone.name, options: asWritten(backbone.options) as Record<string, unknown> },
      features,
      embeddingSize: network.embeddingSize,
      ...(hearing && { hearing }),
    };
    const weights = await saveWeights(session, network.scope, place === 0 ? averaged : undefined);
    writeModel(join(dir, 'models', name), info, weights);
  }
}

/** Number of trainable parameters of a network. */
export const countParameters = ({ scope }: Network): number =>
  scope.params().reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
