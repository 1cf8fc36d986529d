import { UserError } from '../../errors.js';
import type { Backbone } from '../../nn/backbone.js';
import { isAdapter } from '../../nn/domains/adapters.js';
import { withOwnNorms } from '../../nn/domains/own-norms.js';
import { createScope, type Scope } from '../../nn/scope.js';
import type { TrainedBits } from '../quantize/trained-bits.js';
import { type Freeze, type FreezeOptions, freeze, freezeAllBut } from '../step/freeze.js';
import { type TrainerParts, trainedNetwork } from '../step/trainer.js';
import { type Beside, createBeside, type ObjectiveParts } from './beside.js';

/** What a training learns beside its main loss, and of which domains. */
export interface DomainParts {
  /** Losses beside the main one. Default: none. */
  objectives?: readonly ObjectiveParts[];
  /** The target has batch normalisations of its own. Default: false. */
  ownNorms?: boolean;
  /** Of the network, only adapters learn. Default: false. */
  adaptersOnly?: boolean;
  /** Parts that are frozen. Default: none. */
  freeze?: FreezeOptions;
}

/** A network to train, with its objectives. */
export interface TrainedDomains {
  network: Backbone;
  /** Where the network is trained in a few bits. */
  bits?: TrainedBits;
  /** The batch normalisations of the target, where it has its own; named as the network's. */
  normScope: Scope;
  beside: Beside;
  /** What is trained, of all this and of `heads`. */
  frozen(heads: readonly Scope[]): Freeze;
}

/** Builds the network of a trainer at `scope`, the target's where it is another one, and the objectives. */
export function trainedDomains(parts: TrainerParts & DomainParts, scope: Scope): TrainedDomains {
  const { session, seed, backbone, ownNorms, adaptersOnly } = parts;
  const { network, bits } = trainedNetwork(parts, scope);
  const normScope = createScope(session, 'network/target', `${seed}/backbone`);
  const targetNetwork = ownNorms ? backbone(withOwnNorms(scope, normScope)) : undefined;
  if (ownNorms && normScope.buffers().length === 0)
    throw new UserError(
      'domainNorms: the network has no batch normalisation that domains could have of their own. Set it to false.',
    );
  const beside = createBeside(session, seed, { network, targetNetwork }, parts.objectives ?? []);
  return {
    network,
    bits,
    normScope,
    beside,
    frozen(heads) {
      const others = [...heads, normScope, beside.scope].concat(bits?.scope ?? []);
      return adaptersOnly ? freezeAllBut(scope, others, isAdapter) : freeze([scope, ...others], parts.freeze);
    },
  };
}
