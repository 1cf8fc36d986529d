import type { MemoryPeak } from '../../engine/memory/memory-parts.js';
import { computeType } from '../../engine/session/compute-type.js';
import type { Registry } from '../../plugin/plugin.js';
import { largestBatch } from './largest-batch.js';
import { type Place, predictPeak, type Variant } from './predict-peak.js';
import type { SketchedStage } from './sketches.js';
import { type Switch, switchesOf } from './switches.js';

/** A change of the recipe, and the memory that the stage would then take. */
export interface SwitchPlan {
  /** As written in the recipe; several are made together. */
  changes: string[];
  notes: string[];
  peakBytes: number;
  fits: boolean;
}

/** The memory of a training stage's step. */
export interface MemoryPlan extends MemoryPeak {
  as: string;
  stage: string;
  backbone: string;
  batchSize: number;
  assumed: string[];
  fits: boolean;
  /** Null when none fits. */
  largestBatch: number | null;
  /** Needed by every batch: parameters, buffers and optimizer states. */
  fixedBytes: number;
  /** For a stage that does not fit: every single change, and if none is enough the first combination that is. */
  switches: SwitchPlan[];
}

interface Request {
  budget: number;
  place: Place;
  registry: Registry;
}

/** Predicts a stage's memory, and the changes that would make it fit. */
export async function planMemory({ as, stage, sketch }: SketchedStage, request: Request): Promise<MemoryPlan> {
  const { budget, place, registry } = request;
  const { backbone, batchSize, accumulate, optimizer } = sketch;
  const compute = await computeType({ ...place, tf32: sketch.tf32 }, sketch.compute);
  const variant: Variant = { backbone, batchSize, accumulate, optimizer, compute };
  const peakOf = (changed: Variant) => predictPeak(sketch, changed, place);
  const peak = await peakOf(variant);
  const fits = peak.peakBytes <= budget;
  const fixedBytes = peak.parts.parameters + peak.parts.buffers + peak.parts.optimizer;
  const bytesAt = async (batch: number) => (await peakOf({ ...variant, batchSize: batch })).peakBytes;
  const largest =
    fixedBytes > budget
      ? null
      : await largestBatch(bytesAt, budget, {
          unit: accumulate,
          least: 2 * accumulate,
          start: { batch: batchSize, bytes: peak.peakBytes },
        });
  const switches = fits ? [] : await planSwitches(await switchesOf(variant, registry), variant, budget, peak, peakOf);
  return {
    as,
    stage,
    backbone: backbone.name,
    batchSize,
    assumed: sketch.assumed,
    ...peak,
    fits,
    largestBatch: largest,
    fixedBytes,
    switches,
  };
}

/** Most switches in a combination. */
const MOST_TOGETHER = 3;

async function planSwitches(
  all: readonly Switch[],
  variant: Variant,
  budget: number,
  { peakBytes }: MemoryPeak,
  peakOf: (variant: Variant) => Promise<MemoryPeak>,
): Promise<SwitchPlan[]> {
  const plans: SwitchPlan[] = [];
  const saved = new Map<Switch, number>();
  const plan = async (switches: readonly Switch[]): Promise<SwitchPlan> => {
    const changed = switches.reduce((from, { apply }) => apply(from), variant);
    const bytes = (await peakOf(changed)).peakBytes;
    return {
      changes: switches.map(({ change }) => change),
      notes: switches.flatMap(({ note }) => note ?? []),
      peakBytes: bytes,
      fits: bytes <= budget,
    };
  };
  for (const option of all) {
    // Of the ways to cut a batch, the first that fits will do.
    const sameGroup = plans.find(({ changes, fits }) => fits && /^accumulate/.test(changes[0]));
    if (option.group === 'accumulate' && sameGroup) continue;
    const single = await plan([option]);
    saved.set(option, peakBytes - single.peakBytes);
    plans.push(single);
  }
  const singles = onlyLastCut(plans);
  if (singles.some(({ fits }) => fits)) return singles;
  for (let count = 2; count <= MOST_TOGETHER; count++) {
    for (const together of combinations(all, count)) {
      // Savings overlap, so their sum is the most they can save together.
      const atLeast = peakBytes - together.reduce((sum, option) => sum + saved.get(option)!, 0);
      if (atLeast > budget) continue;
      const combined = await plan(together);
      if (combined.fits) return [...singles, combined];
    }
  }
  return singles;
}

/** Of several cuts of the batch, the last one tried: the one that fits, or the finest. */
function onlyLastCut(plans: readonly SwitchPlan[]): SwitchPlan[] {
  const isCut = ({ changes }: SwitchPlan) => /^accumulate/.test(changes[0]);
  const last = plans.findLast(isCut);
  return plans.filter((plan) => !isCut(plan) || plan === last);
}

/** Choices of `count` switches of different groups, in order. */
function* combinations(all: readonly Switch[], count: number, from = 0): Generator<Switch[]> {
  if (count === 0) yield [];
  for (let i = from; count > 0 && i < all.length; i++) {
    for (const rest of combinations(all, count - 1, i + 1)) {
      if (!rest.some(({ group }) => group === all[i].group)) yield [all[i], ...rest];
    }
  }
}
