import type { Loss } from '../../engine/autodiff.js';
import type { Session } from '../../engine/session/session.js';
import { type Tensor, tf } from '../../engine/tf.js';
import { UserError } from '../../errors.js';
import type { Backbone, TappedLayer } from '../../nn/backbone.js';
import { timeMean } from '../../nn/pooling.js';
import { createScope, type Scope } from '../../nn/scope.js';
import { type LayerOutputs, layerOutputs } from '../../nn/taps.js';
import { atLayer, distributionsOf, sharesOf } from './label-frames.js';
import type { Objective, ObjectiveNeeds } from './objective.js';

/** A chosen objective. */
export interface ObjectiveParts {
  /** The plugin's. */
  name: string;
  layer: string;
  weight: number;
  needs: ObjectiveNeeds;
  /** Of its labels; 2 for domains. */
  classes: number;
  build(context: { scope: Scope; layer: TappedLayer; classes: number }): Objective;
}

/** What a network gave for a micro-batch. */
export interface Ran {
  /** Of all rows, the source's first. */
  outputs: LayerOutputs;
  /** Of the source alone. */
  own: LayerOutputs;
  sources: number;
  featureFrames: number;
}

/** The objectives of a training beside its main loss, with their heads. */
export interface Beside {
  /** The heads. */
  scope: Scope;
  /** Runs the network in training on features of the source and, where there is one, of the target, [rows, frames, bins] each. */
  run(source: Tensor, target?: Tensor): Ran;
  /** The main loss with the weighted losses of all objectives, each with its metrics by its name. */
  add(main: Loss<Record<string, Tensor>>, ran: Ran, inputs: Record<string, Tensor>): Loss<Record<string, Tensor>>;
}

/** The input that holds an objective's labels; objectives are counted from 0. */
export const labelsInput = (objective: number): string => `objective${objective + 1}`;

/** The input that holds the target's crops. */
export const TARGET = 'target';

/** The input that holds the share of the run that is done. */
export const PROGRESS = 'progress';

/**
 * Builds the heads. With a `targetNetwork`, which shares all but its batch normalisation, the target goes through that; else both domains are
 * one batch to the network.
 */
export function createBeside(
  session: Session,
  seed: number,
  networks: { network: Backbone; targetNetwork?: Backbone },
  parts: readonly ObjectiveParts[],
): Beside {
  const { network, targetNetwork } = networks;
  const scope = createScope(session, 'network/objectives', `${seed}/objectives`);
  const names = metricNames(parts.map(({ name }) => name));
  const objectives = parts.map((part, i) => {
    const layer = layerOf(network, part);
    return { ...part, act: part.build({ scope: scope.child(i + 1), layer, classes: part.classes }) };
  });
  return {
    scope,
    run(source, target) {
      const ran = (outputs: LayerOutputs, own = outputs): Ran => {
        return { outputs, own, sources: source.shape[0]!, featureFrames: source.shape[1]! };
      };
      if (!target) return ran(layerOutputs(network, source, { training: true }));
      if (targetNetwork) {
        const own = layerOutputs(network, source, { training: true });
        const other = layerOutputs(targetNetwork, target, { training: true });
        return ran(
          mapOutputs(own, (output, layer) => tf.concat([output, other.get(layer)!], 0)),
          own,
        );
      }
      const outputs = layerOutputs(network, tf.concat([source, target], 0), { training: true });
      return ran(
        outputs,
        mapOutputs(outputs, (output) => firstRows(output, source.shape[0]!)),
      );
    },
    add(main, ran, inputs) {
      if (objectives.length === 0) return main;
      const progress = inputs[PROGRESS];
      const results = objectives.map((part, i) => part.act({ ...seenBy(part, ran, inputs[labelsInput(i)]), progress }));
      const weighted = results.map(({ loss }, i): Tensor => tf.mul(loss, objectives[i].weight));
      const metrics = results.flatMap(({ loss, metrics = {} }, i) => [
        [names[i], loss] as const,
        ...Object.entries(metrics).map(([name, value]) => [`${names[i]}-${name}`, value] as const),
      ]);
      return {
        loss: tf.addN([main.loss, ...weighted]),
        aux: { ...main.aux, main: main.loss, ...Object.fromEntries(metrics) },
      };
    },
  };
}

/** The names of metrics: the plugins', with a number where one is there twice. */
const metricNames = (names: readonly string[]): string[] =>
  names.map((name, i) => {
    const earlier = names.slice(0, i).filter((other) => other === name).length;
    return earlier === 0 ? name : `${name}${earlier + 1}`;
  });

function layerOf({ layers = {} }: Backbone, { name, layer }: ObjectiveParts): TappedLayer {
  const found = layers[layer];
  if (found) return found;
  throw new UserError(
    `objectives: '${name}' works at the layer '${layer}', and the network has ${Object.keys(layers).join(', ')}. Name one of them.`,
  );
}

const mapOutputs = (outputs: LayerOutputs, change: (output: Tensor, layer: string) => Tensor): LayerOutputs =>
  new Map([...outputs].map(([layer, output]) => [layer, change(output, layer)]));

const firstRows = (x: Tensor, rows: number): Tensor =>
  tf.slice(
    x,
    x.shape.map(() => 0),
    [rows, ...x.shape.slice(1)],
  ) as Tensor;

/** What an objective sees, without the run's progress. */
function seenBy({ layer, needs, classes }: ObjectiveParts, ran: Ran, labels: Tensor | undefined) {
  const { sources } = ran;
  const output = (needs.domains ? ran.outputs : ran.own).get(layer)!;
  const rows = output.shape[0]!;
  const vectors = () => (output.rank === 3 ? timeMean(output, { training: true }) : output);
  if (needs.domains) return { output: vectors(), sources, labels: domainsOf(rows, sources) };
  if (needs.utteranceLabels) return { output: vectors(), sources, labels: distributionsOf(labels!, classes) };
  if (!needs.frameLabels) return { output: vectors(), sources };
  const known = distributionsOf(labels!, classes);
  return output.rank === 3
    ? { output, sources, labels: atLayer(known, output.shape[1]!) }
    : { output, sources, labels: sharesOf(known) };
}

/** The source is class 0, the target class 1. // [rows, 2] */
const domainsOf = (rows: number, sources: number): Tensor =>
  tf.tensor2d(
    Array.from({ length: rows }, (_, row) => (row < sources ? [1, 0] : [0, 1])),
    [rows, 2],
  );
