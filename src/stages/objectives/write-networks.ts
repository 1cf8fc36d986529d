import { join } from 'node:path';
import type { ModelInfo } from '../../embed/model-file.js';
import type { Session } from '../../engine/session/session.js';
import type { HostTensor } from '../../host-tensor.js';
import type { Scope } from '../../nn/scope.js';
import type { TrainedBits } from '../../train/quantize/trained-bits.js';
import { writeTrained } from '../training/bits.js';

/** The name of the folder of a training's network. */
export const NETWORK = 'network';
/** And of the one with the batch normalisation of the training corpus, where the target has its own. */
const SOURCE = 'source';

/** A trained network and the batch normalisations of its target, of which there may be none. */
interface Domains {
  scope: Scope;
  normScope: Scope;
  bits?: TrainedBits;
  /** Names of the variables that were not to change. */
  frozen: readonly string[];
}

const variablesOf = (scope: Scope) => [...scope.params(), ...scope.buffers()];
/** Each variable of the target's batch normalisations by the one in whose place it stands. */
const targetOf = ({ scope, normScope }: Pick<Domains, 'scope' | 'normScope'>): [string, string][] =>
  variablesOf(normScope).map(({ name }) => [`${scope.path}${name.slice(normScope.path.length)}`, name]);

/** Starts the target's batch normalisations as the network's are. */
export async function startNorms(session: Session, domains: Pick<Domains, 'scope' | 'normScope'>): Promise<void> {
  const pairs = targetOf(domains);
  if (pairs.length === 0) return;
  const values = await session.save(pairs.map(([own]) => own));
  await session.load(Object.fromEntries(pairs.map(([own, target]) => [target, values[own]])));
}

/**
 * Writes a trained network below `stageDir`/models: averaged, or as it is, and what was frozen to the bit. Where the target has batch
 * normalisations of its own, the network has these, the one named `source` the others, and both say whose they have.
 * @returns the networks' names
 */
export async function writeNetworks(
  session: Session,
  stageDir: string,
  domains: Domains,
  { info, averaged }: { info: Omit<ModelInfo, 'format' | 'quantized'>; averaged?: Record<string, HostTensor> },
): Promise<string[]> {
  const { scope, bits, frozen } = domains;
  const pairs = targetOf(domains);
  const folder = (network: string) => join(stageDir, 'models', network);
  const kept = averaged && { ...averaged, ...(await session.save([...frozen])) };
  if (pairs.length === 0) {
    await writeTrained(session, folder(NETWORK), { scope, info, averaged: kept, bits });
    return [NETWORK];
  }
  const all =
    kept ?? (await session.save([...variablesOf(scope).map(({ name }) => name), ...pairs.map(([, name]) => name)]));
  const target = { ...all, ...Object.fromEntries(pairs.map(([own, name]) => [own, all[name]])) };
  await writeTrained(session, folder(NETWORK), { scope, info: { ...info, domain: 'target' }, averaged: target });
  await writeTrained(session, folder(SOURCE), { scope, info: { ...info, domain: SOURCE }, averaged: all });
  return [NETWORK, SOURCE];
}
