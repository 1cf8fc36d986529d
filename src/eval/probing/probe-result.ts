import { z } from 'zod';

/** One probe and its control task, on one layer; accuracies are fractions. */
const layerProbe = z.object({
  layer: z.string(),
  /** On speakers whom the probe has not heard; of the speaker itself, and where nobody knows them, on other utterances. */
  accuracy: z.number(),
  /** On other utterances of the speakers that it has heard. The same as `accuracy` where speakers are not kept apart. */
  familiar: z.number(),
  /** Of the control task, on the same utterances as `familiar`. */
  control: z.number(),
  /** `familiar` less `control`. */
  selectivity: z.number(),
});
export type LayerProbe = z.output<typeof layerProbe>;

/** What the layers of a network know of one attribute. */
export const attributeProbes = z.object({
  attribute: z.string(),
  classes: z.array(z.string()),
  /** Utterances that the probes learned from, and that `accuracy` was measured on. */
  trained: z.number(),
  tested: z.number(),
  /** Accuracy of always saying the class that is most frequent in training. */
  majority: z.number(),
  /** What was kept apart: the speakers, or only the utterances. */
  apart: z.enum(['speakers', 'utterances']),
  /** What the control task gives a random label to: each speaker, or each cluster of similar sound; and how many there are. */
  types: z.object({ of: z.enum(['speakers', 'sounds']), count: z.number() }),
  /** In the network's order. */
  layers: z.array(layerProbe),
});
export type AttributeProbes = z.output<typeof attributeProbes>;

/** The outcome of probing networks on the same utterances. */
export const probeResult = z.object({
  utterances: z.number(),
  /** Units between layer and classes; 0 for a linear probe. */
  hidden: z.number(),
  networks: z.array(z.object({ name: z.string(), attributes: z.array(attributeProbes) })),
  /** Attributes that nothing could be learned of here, and why. */
  skipped: z.array(z.object({ attribute: z.string(), reason: z.string() })),
});
export type ProbeResult = z.output<typeof probeResult>;
