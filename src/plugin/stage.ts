import type { z } from 'zod';
import type { FeatureDefinition } from '../audio/features/features.js';
import type { Session } from '../engine/session/session.js';
import type { WorkerGroup } from '../engine/workers/group.js';
import type { OptimizerOptions } from '../optim/optimizer.js';
import type { CompiledCall } from '../train/step/training-step.js';
import type { Json } from './json.js';
import type { PluginChoice } from './options.js';
import type { Definition, PluginBase, Registry } from './plugin.js';

/** The output of an earlier stage of the run. */
export interface Artifact {
  /** The folder the stage wrote into. */
  dir: string;
  /** The name of the stage plugin that produced it. */
  stage: string;
  /** The value that its `run` returned; read it with readResult. */
  result: Json;
  /** Wall-clock time it took, over all attempts. */
  seconds: number;
}

/** The live display of one stage; writes to stderr only. */
export interface Progress {
  update(state: { step: number; total: number; fields?: Record<string, number | string> }): void;
  /** Prints a line above the live one. */
  line(text: string): void;
  /** Ends the display; the last state stays visible. */
  done(): void;
}

/** The settings of a run, before its stages run. */
export interface CheckContext {
  seed: number;
  device: 'auto' | 'cpu' | 'gpu';
  /** Threads of the tensor library; 0 leaves the choice to it. */
  threads: number;
  /** Bytes that tensors may take at once; default: all that the device has. */
  memoryBytes?: number;
  registry: Registry;
  /** Set where several processes train together, each on a part of every batch. */
  workers?: Pick<WorkerGroup, 'count'>;
  log(line: string): void;
}

export interface StageContext extends CheckContext {
  /** The processes that work together, for a stage that has something for all of them; one that trains hands them to its session. */
  workers?: WorkerGroup;
  /**
   * This stage's folder; it exists. The runner writes `stage.json` and `stage.partial.json` in it. In a worker other than the first it is a
   * folder that is thrown away.
   */
  dir: string;
  /** The stage's folder in the run, which all workers see: the first writes checkpoints there, and each its share; default: `dir`. */
  checkpoints?: string;
  /** The folder of the whole run. */
  runDir: string;
  runName: string;
  /** The contents of environment.json. */
  environment: Json;
  /** A stage earlier in the list, or one run by `inner`, by its artifact name. */
  artifact(name: string): Artifact;
  /**
   * Runs another stage as a part of this one, in a folder within this stage's: skipped if an earlier attempt finished it, resumed if
   * one began it. `options` are written as in a config; they may name this stage's own inputs and the artifacts of earlier `inner` calls.
   */
  inner(as: string, stage: string, options: Record<string, unknown>): Promise<Artifact>;
  progress: Progress;
  /** Aborted by Ctrl-C and SIGTERM: write a checkpoint, then `signal.throwIfAborted()`. */
  signal: AbortSignal;
  /** True where the folder holds an unfinished attempt with the same options (except convertible ones), inputs and seed. */
  resume: boolean;
}

/** The settings of a training step that its memory depends on. */
export interface StepSettings {
  backbone: PluginChoice<'backbone'>;
  batchSize: number;
  accumulate: number;
  optimizer: OptimizerOptions;
}

/** The training of a stage without its data, from which its memory is predicted. */
export interface TrainingSketch extends StepSettings {
  features: FeatureDefinition;
  compute: 'float32' | 'bfloat16' | 'auto';
  /** True where float32 may be TF32 on a GPU. */
  tf32: boolean;
  /** Assumptions about the output of earlier stages, which have not run yet; one sentence each. */
  assumed: string[];
  /** Builds the step with these settings in an empty session. Returns the compiled calls of one update, on silence. */
  build(session: Session, settings: StepSettings): Promise<CompiledCall[]>;
}

/** The recipe of a stage, before anything has run. */
export interface SketchContext {
  seed: number;
  registry: Registry;
  /** Number of classes to assume where it depends on data. */
  classes?: number;
  /** The options of an earlier stage, by its artifact name. */
  options(name: string): unknown;
  /** The training of an earlier stage. */
  sketch(name: string): Promise<TrainingSketch>;
}

/** The definition of a stage. `O` is the schema of its options, `R` that of its result. */
export interface StageDefinition<O extends z.ZodType = z.ZodType, R extends z.ZodType<Json> = z.ZodType<Json>>
  extends Definition<O> {
  /**
   * The result that `run` returns and stage.json keeps; later stages read it with the same schema (readResult). JSON has no NaN and
   * no Infinity: such a number is read back as null. Default: any JSON.
   */
  result?: R;
  /**
   * Options, as dotted paths, that may change between the attempts of an unfinished stage: `run` converts what the earlier attempt
   * left. A finished stage runs again when they change.
   */
  convertible?: readonly string[];
  /** Files of its folder that belong into the run's folder, too: they are copied there when it is done, and taken away when it is to run again. */
  publishes?: readonly string[];
  /** The kind of artifact it produces, which `artifact(...)` options of later stages ask for; default: the stage's name. */
  produces?: string;
  /**
   * A hash of what it reads from outside of the run, such as the sizes and times of recordings: the stage, and what depends on it, runs
   * again when it changes. undefined where there is nothing, or no longer.
   */
  sources?(options: z.output<O>): string | undefined;
  /** Finds problems that would otherwise stop the run hours later, such as missing data: one sentence for each. */
  check?(context: CheckContext, options: z.output<O>): Promise<string[] | undefined> | string[] | undefined;
  /** True where every worker runs it, and its session is given `workers`. Default: the first worker runs it. */
  inEveryWorker?: boolean;
  /**
   * What every other worker does while the first runs the stage: its share of the work, left in `checkpoints` or told by collective
   * operations. Its signal is aborted when the first is done. Default: it waits.
   */
  besideFirst?(context: StageContext, options: z.output<O>): Promise<void>;
  /** For a stage that trains: lets `voxloop plan` predict its memory. */
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
