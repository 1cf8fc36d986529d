import { z } from 'zod';
import { UserError } from '../../errors.js';
import type { Backbone } from '../../nn/backbone.js';
import type { Scope } from '../../nn/scope.js';
import { faultsWhere } from '../../plugin/faults.js';
import { type PluginChoice, pluginChoice } from '../../plugin/options.js';
import type { Registry } from '../../plugin/plugin.js';
import type { CheckContext } from '../../plugin/stage.js';
import type { SelfTeacherParts } from '../../train/self-teacher/self-teacher.js';
import { layered, layerOf } from '../training/named-layers.js';
import { workersFault } from '../training/training-options.js';

export const selfTeacherOptions = z.strictObject({
  layers: z
    .array(z.string().min(1))
    .min(2)
    .optional()
    .describe(
      'layers of frames that it refines, such as [frame2, frame4]; default: all that the backbone names (`frames`, what is pooled, on demand)',
    ),
  width: z.number().positive().default(2).describe("channels of its maps in terms of the layers'"),
  posteriors: pluginChoice('distillation', 'kl').describe(
    "compares the network's class scores with its own: kl or decoupled-kl, with their `temperature` and `scale`",
  ),
  posteriorWeight: z.number().nonnegative().default(2).describe('factor on that loss in the sum; 0: layers only'),
  attentionWeight: z
    .number()
    .nonnegative()
    .default(1)
    .describe("factor on the distance of the layers' attention over time from that of its maps; 0: class scores only"),
});

type SelfTeacherOptions = z.output<typeof selfTeacherOptions>;

/** A self-teacher for a network. @throws UserError for layers that it does not have, or that have no frames */
export async function selfTeacherParts(
  registry: Registry,
  options: SelfTeacherOptions | undefined,
  build: (scope: Scope) => Backbone,
): Promise<SelfTeacherParts | undefined> {
  if (!options) return undefined;
  const { width, posteriors, posteriorWeight, attentionWeight } = options;
  const plugin = await registry.load('distillation', posteriors.name);
  return {
    layers: heardLayers(options.layers, build),
    width,
    posteriors: { loss: plugin.build(posteriors.options), weight: posteriorWeight },
    attentionWeight,
  };
}

const OPTION = 'selfTeacher.layers';

/** The layers that a self-teacher hears, from the features on. */
function heardLayers(asked: readonly string[] | undefined, build: (scope: Scope) => Backbone) {
  const network = layered('the network', build);
  for (const name of asked ?? []) {
    if (layerOf(network, name, OPTION).of === 'frames') continue;
    throw new UserError(
      `${OPTION}: '${name}' is one vector for the utterance, and maps over time are refined. Give layers of frames: ` +
        `${framesOf(network).join(', ')}.`,
    );
  }
  const own = framesOf(network);
  const chosen = own.filter((name) => (asked ? asked.includes(name) : name !== 'frames'));
  if (chosen.length >= 2) return chosen.map((name) => ({ name, size: network.layers[name].size }));
  throw new UserError(
    `selfTeacher: it refines two layers of frames or more, and ${asked ? `'${chosen[0]}' is one` : "the network's backbone names fewer"}. ` +
      `Its layers of frames are: ${own.join(', ') || 'none'}. Name two of them, or train a network over time, such as tdnn, xvector or ecapa-512.`,
  );
}

const framesOf = ({ layers }: ReturnType<typeof layered>): string[] =>
  Object.keys(layers).filter((name) => layers[name].of === 'frames');

/** Faults of a self-teacher, before anything has run. */
export async function selfTeacherFaults(
  context: CheckContext,
  options: { selfTeacher?: SelfTeacherOptions; loss: PluginChoice<'loss'>; gate?: unknown },
): Promise<string[]> {
  const { selfTeacher, loss, gate } = options;
  if (!selfTeacher) return [];
  const { scores } = await context.registry.load('loss', loss.name);
  const { name } = selfTeacher.posteriors;
  const { compares, labels, manyWorkers } = await context.registry.load('distillation', name);
  const shared = workersFault(context, `selfTeacher.posteriors: '${name}'`, manyWorkers);
  return shared.concat(
    faultsWhere([
      [
        scores === false,
        () =>
          `selfTeacher: '${loss.name}' has no class scores, which it would teach. Choose another loss, or leave selfTeacher out.`,
      ],
      [
        compares !== 'scores',
        () =>
          `selfTeacher.posteriors: '${name}' compares ${compares}, and not class scores. Choose kl or decoupled-kl.`,
      ],
      [
        labels === true && gate !== undefined,
        () =>
          `selfTeacher.posteriors: '${name}' asks for the class of every sample, and the gate does not believe all labels. Choose kl.`,
      ],
    ]),
  );
}
