import type { z } from 'zod';
import type { FeatureDefinition } from '../audio/features/features.js';
import type { Session } from '../engine/session/session.js';
import type { OptimizerOptions } from '../optim/optimizer.js';
import type { CompiledCall } from '../train/step/training-step.js';
import type { Json } from './json.js';
import type { PluginChoice } from './options.js';
import type { Definition, PluginBase, Registry } from './plugin.js';

/** What an earlier stage of the run left behind. */
export interface Artifact {
  /** The folder the stage wrote into. */
  dir: string;
  /** The name of the stage plugin that made it. */
  stage: string;
  /** What its `run` returned. */
  result: Json;
  /** Wall-clock time it took, over all attempts. */
  seconds: number;
}

/** The live display of one stage; writes to stderr only. */
export interface Progress {
  update(state: { step: number; total: number; fields?: Record<string, number | string> }): void;
  /** Prints a line above the live one. */
  line(text: string): void;
  /** Leaves the last state standing and ends the display. */
  done(): void;
}

/** What is known of a run before its stages run. */
export interface CheckContext {
  seed: number;
  device: 'auto' | 'cpu' | 'gpu';
  /** Threads of the tensor library; 0 leaves the choice to it. */
  threads: number;
  /** Bytes that tensors may take at once; without it, what the device has. */
  memoryBytes?: number;
  registry: Registry;
  log(line: string): void;
}

export interface StageContext extends CheckContext {
  /** This stage's own folder; it exists. `stage.json` and `stage.partial.json` in it belong to the runner. */
  dir: string;
  /** The folder of the whole run, for `results.json` and reports. */
  runDir: string;
  runName: string;
  /** What environment.json holds. */
  environment: Json;
  /** A stage earlier in the list, or one run by `inner`, by its artifact name. */
  artifact(name: string): Artifact;
  /**
   * Runs another stage as a part of this one, in a folder within its own: skipped when it was done before, gone on with when it was
   * begun. `options` are written as in a config and may name what this stage was given and what `inner` made before.
   */
  inner(as: string, stage: string, options: Record<string, unknown>): Promise<Artifact>;
  progress: Progress;
  /** Aborted by Ctrl-C and SIGTERM: write a checkpoint, then `signal.throwIfAborted()`. */
  signal: AbortSignal;
  /** The folder holds an unfinished attempt with the same options (but for convertible ones), inputs and seed. */
  resume: boolean;
}

/** The settings of a training step that its memory depends on. */
export interface StepSettings {
  backbone: PluginChoice<'backbone'>;
  batchSize: number;
  accumulate: number;
  optimizer: OptimizerOptions;
}

/** What a stage trains, without its data: from this its memory is foretold. */
export interface TrainingSketch extends StepSettings {
  features: FeatureDefinition;
  compute: 'float32' | 'bfloat16' | 'auto';
  /** What is not known before the stages before have run, and was assumed; one sentence each. */
  assumed: string[];
  /** Builds the step with these settings in an empty session; what one update runs, on silence. */
  build(session: Session, settings: StepSettings): Promise<CompiledCall[]>;
}

/** What a stage may know of its recipe when nothing has run. */
export interface SketchContext {
  seed: number;
  registry: Registry;
  /** Classes to assume where they come of data. */
  classes?: number;
  /** The options of an earlier stage, by its artifact name. */
  options(name: string): unknown;
  /** What an earlier stage trains. */
  sketch(name: string): Promise<TrainingSketch>;
}

/** What the author of a stage writes: `O` is the schema of its options, `R` that of its result. */
export interface StageDefinition<O extends z.ZodType = z.ZodType, R extends z.ZodType<Json> = z.ZodType<Json>>
  extends Definition<O> {
  /**
   * The result that `run` returns and stage.json keeps; later stages read it with the same schema (readResult). JSON has no NaN and
   * no Infinity: such a number is read back as null. Default: any JSON.
   */
  result?: R;
  /**
   * Options, as dotted paths, that an attempt which was stopped may have had otherwise and still be gone on with: `run` converts what
   * it finds. A finished stage is done again when they change.
   */
  convertible?: readonly string[];
  /** The kind of artifact it makes, which `artifact(...)` fields of later stages ask for; the stage's name by default. */
  produces?: string;
  /** Looks for what the run would miss only hours later, such as missing data: one sentence for each problem. */
  check?(context: CheckContext, options: z.output<O>): Promise<string[] | undefined> | string[] | undefined;
  /** For a stage that trains: what, so that `voxloop plan` can foretell its memory. */
  sketch?(context: SketchContext, options: z.output<O>): Promise<TrainingSketch>;
  /** Does the work; the result must be equal for a resumed and an undisturbed run. */
  run(context: StageContext, options: z.output<O>): Promise<z.output<R>>;
}

export interface StagePlugin<O extends z.ZodType = z.ZodType, R extends z.ZodType<Json> = z.ZodType<Json>>
  extends StageDefinition<O, R>,
    PluginBase<'stage', O> {
  kind: 'stage';
  result: R;
}
