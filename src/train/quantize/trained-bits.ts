import { packBits } from '../../embed/quantize/pack-bits.js';
import type { PackedTensor, Packing } from '../../embed/quantize/packed-tensor.js';
import { packTensor } from '../../embed/quantize/packed-tensor.js';
import { nothingSmaller, type PackingChoice, packableLayers, packingOf } from '../../embed/quantize/packing.js';
import type { Session } from '../../engine/session/session.js';
import type { Tensor } from '../../engine/tf.js';
import type { Variable } from '../../engine/variable.js';
import type { HostTensor } from '../../host-tensor.js';
import type { Backbone } from '../../nn/backbone.js';
import { createScope, type Scope } from '../../nn/scope.js';
import { type LayerRounding, layerRounding } from './layer-rounding.js';

/** The bits that a network's layers are trained in. */
export interface BitsChoice extends PackingChoice {
  /** Leaves the first layer and the last one as they are. Default: false. */
  keepEnds?: boolean;
}

/** The layers of a network that are rounded in training, and what is learned for them beside their weights. */
export interface TrainedBits {
  /** Learned scales and codebooks. */
  scope: Scope;
  /** First values of scales and codebooks, from the network's weights as they lie in the session. */
  start(): Promise<void>;
  /** While tracing, after the weights have moved. */
  move(): void;
  /** The layers as the forward pass sees them, named below the network, by the weights, scales and codebooks in the session. */
  pack(): Promise<PackedLayers>;
}

/** Layers in their bits. */
export interface PackedLayers {
  packing: Packing;
  packed: Record<string, PackedTensor>;
  /** Layers that are not. */
  kept: string[];
}

interface Layer {
  /** Below the network. */
  name: string;
  weight: Variable;
  rounding: LayerRounding;
}

/**
 * Builds a network at `scope` whose forward passes see its layers in a few values, while the optimizer moves their full weights.
 * @throws UserError where no layer would get smaller
 */
export function buildInBits(
  session: Session,
  scope: Scope,
  build: (scope: Scope) => Backbone,
  { keepEnds = false, ...choice }: BitsChoice,
): { network: Backbone; bits: TrainedBits } {
  const packing = packingOf(choice, 'quantize.');
  const roundings = new Map<string, LayerRounding>();
  const network = build(rounding(scope, roundings));
  const { layers, packed } = packableLayers(scope.params(), packing, keepEnds);
  if (packed.length === 0) throw nothingSmaller('quantize: the network', packing, keepEnds);
  const own = createScope(session, 'network/bits', 0);
  const local = ({ name }: Variable) => name.slice(scope.path.length + 1);
  const rounded: Layer[] = packed.map((weight) => {
    const made = layerRounding(own.child(local(weight)), weight.shape, packing);
    roundings.set(weight.name, made);
    return { name: local(weight), weight, rounding: made };
  });
  const kept = layers.filter(({ name }) => !roundings.has(name)).map(local);
  const packAll = session.compile('pack', () => outputsOf(rounded));
  return {
    network,
    bits: {
      scope: own,
      async start() {
        const weights = await session.save(rounded.map(({ weight }) => weight.name));
        for (const layer of rounded)
          await session.load(layer.rounding.start(packTensor(weights[layer.weight.name], packing)));
      },
      move() {
        for (const layer of rounded) layer.rounding.move(layer.weight);
      },
      async pack() {
        const values = await packAll({});
        const of = (layer: Layer): [string, PackedTensor] => [layer.name, packedOf(layer, packing, values)];
        return { packing, packed: Object.fromEntries(rounded.map(of)), kept };
      },
    },
  };
}

/** A scope whose layers read their weights rounded, once it is known how. */
function rounding(scope: Scope, roundings: ReadonlyMap<string, LayerRounding>): Scope {
  return {
    ...scope,
    child: (name) => rounding(scope.child(name), roundings),
    param(name, shape, initial) {
      const weight = scope.param(name, shape, initial);
      const read = () => roundings.get(weight.name)?.read(weight) ?? weight.read();
      return { ...weight, read };
    },
  };
}

function outputsOf(layers: readonly Layer[]): Record<string, Tensor> {
  const each = layers.flatMap(({ name, weight, rounding: made }) => {
    const { codes, values, scales } = made.rounded(weight);
    return Object.entries({ codes, values, scales }).map(([part, tensor]) => [`${name}/${part}`, tensor] as const);
  });
  return Object.fromEntries(each);
}

function packedOf({ name, weight }: Layer, { method, bits }: Packing, parts: Record<string, HostTensor>): PackedTensor {
  const part = (key: string) => parts[`${name}/${key}`].data;
  const codes = packBits(Uint8Array.from(part('codes') as Int32Array), bits);
  return {
    shape: [...weight.shape],
    method,
    bits,
    codes,
    values: Float32Array.from(part('values') as Float32Array),
    scales: Float32Array.from(part('scales') as Float32Array),
  };
}
