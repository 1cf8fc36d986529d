import type { FeatureDefinition } from '../../audio/features/features.js';
import { loadWeights } from '../../embed/extract.js';
import type { Model } from '../../embed/model-file.js';
import type { Session } from '../../engine/session/session.js';
import { UserError } from '../../errors.js';
import type { Backbone } from '../../nn/backbone.js';
import { countingScope } from '../../nn/counting-scope.js';
import type { Scope } from '../../nn/scope.js';
import { choosePlugin } from '../../plugin/choose-plugin.js';
import type { PluginChoice } from '../../plugin/options.js';
import type { Registry } from '../../plugin/plugin.js';
import type { SketchContext, StageContext } from '../../plugin/stage.js';
import { type Classifier, readClassifier } from '../../train/classifier/classifier-file.js';
import type { Distiller } from '../../train/distill/distiller.js';
import type { Level } from '../../train/distill/level.js';
import type { StoredTeacher } from '../../train/distill/stored-teachers.js';
import type { ClassifierParts, TeacherParts } from '../../train/distill/teachers.js';
import { openModelArtifact } from '../artifacts/model-artifact.js';
import { type Layered, layered } from '../training/named-layers.js';
import { backboneBuilder, modelBuilder } from '../training/resolve-plugins.js';
import { sketchInit } from '../training/start.js';
import { checkSameFeatures } from '../training/stored-features.js';
import { levelShape } from './level-shape.js';
import type { DistillOptions } from './options.js';

/** A teacher on disk. */
export interface OpenTeacher {
  parts: TeacherParts;
  model: Model;
  /** Where class scores are compared. */
  classifier?: Classifier;
}

/** Opens the teachers, with their classifiers where `scored`. @throws UserError where these are missing or know different classes */
export async function openTeachers(
  { registry, artifact }: Pick<StageContext, 'registry' | 'artifact'>,
  { teachers }: DistillOptions,
  scored: boolean,
): Promise<OpenTeacher[]> {
  const opened = await Promise.all(
    teachers.map(async (name) => {
      const model = openModelArtifact(artifact(name));
      const classifier = scored
        ? readClassifier(
            model.dir,
            'Compare vectors instead of class scores, or take a teacher that was trained on labels.',
          )
        : undefined;
      return { parts: await teacherParts(registry, name, model, classifier), model, classifier };
    }),
  );
  refuseOtherClasses(opened);
  return opened;
}

const nameOf = (teacher: string): string => `teacher '${teacher}'`;

async function teacherParts(
  registry: Registry,
  name: string,
  { info }: Model,
  classifier: Classifier | undefined,
): Promise<TeacherParts> {
  const parts = { name: nameOf(name), features: info.features, backbone: await modelBuilder(registry, info) };
  if (!classifier) return parts;
  const { loss, options, speakers, speeds } = classifier.info;
  const choice = await choosePlugin(
    registry,
    'loss',
    loss,
    options,
    `${nameOf(name)}: its classifier's loss '${loss}'`,
  );
  return { ...parts, classifier: await classifierParts(registry, choice, speakers * speeds) };
}

function refuseOtherClasses(teachers: readonly OpenTeacher[]): void {
  const [first, ...others] = teachers;
  const other = others.find(
    ({ classifier }) =>
      classifier?.info.speakers !== first.classifier?.info.speakers ||
      classifier?.info.speeds !== first.classifier?.info.speeds,
  );
  if (!other) return;
  const describe = ({ parts, classifier }: OpenTeacher) =>
    `${parts.name} ${classifier!.info.speakers} speakers at ${classifier!.info.speeds} speeds`;
  throw new UserError(
    `teachers: class scores are compared, and ${describe(first)} knows, ${describe(other)}. Take teachers of the same labels, or one.`,
  );
}

/** The teachers of a recipe before anything has run; their classifiers have the `loss` and `classes` of the student's. */
export async function sketchTeachers(
  context: SketchContext,
  { teachers }: DistillOptions,
  classifier: ClassifierParts | undefined,
): Promise<TeacherParts[]> {
  return Promise.all(
    teachers.map(async (name) => {
      const { features, backbone } = await sketchInit(context, name);
      const build = await backboneBuilder(context.registry, backbone, features.bins);
      return { name: nameOf(name), features, backbone: build, classifier };
    }),
  );
}

/** A classification loss over so many classes. */
export async function classifierParts(
  registry: Registry,
  { name, options }: PluginChoice<'loss'>,
  classes: number,
): Promise<ClassifierParts> {
  const plugin = await registry.load('loss', name);
  return { classes, loss: (context) => plugin.build({ ...context, options }) };
}

/** Puts the teachers' weights, and those of their classifiers, where a distiller looks for them. */
export async function loadTeachers(
  session: Session,
  teachers: readonly OpenTeacher[],
  { teachers: places }: Pick<Distiller, 'teachers'>,
): Promise<void> {
  for (const [i, { model, classifier }] of teachers.entries()) {
    await loadWeights(session, places[i].scope, model);
    if (classifier) await loadWeights(session, places[i].headScope, classifier);
  }
}

/** True where a level compares class scores. */
export async function comparesScores(registry: Registry, { levels }: DistillOptions): Promise<boolean> {
  const plugins = await Promise.all(levels.map(({ loss }) => registry.load('distillation', loss.name)));
  return plugins.some(({ compares }) => compares === 'scores');
}

/** The levels with their losses and projections. @throws UserError for what the networks do not have, or what does not fit */
export async function resolveLevels(
  registry: Registry,
  { levels, combine = 'concatenate' }: DistillOptions,
  student: (scope: Scope) => Backbone,
  theirs: readonly Layered[],
): Promise<Level[]> {
  const own = layered('the student', student);
  return Promise.all(
    levels.map(async ({ student: layer = 'embedding', teacher = 'embedding', loss, weight, projection = 'auto' }) => {
      const { compares, build } = await registry.load('distillation', loss.name);
      const choice = { student: layer, teacher: [teacher].flat(), compares };
      const shape =
        compares === 'scores'
          ? { of: 'utterance' as const }
          : levelShape({ ...choice, projection, own, teachers: theirs, combine });
      return { ...choice, ...shape, loss: build(loss.options), weight };
    }),
  );
}

/** The layers of teachers that run beside the student, or of what was stored of them. */
export const layersOf = (
  teachers: readonly TeacherParts[],
  stored: readonly StoredTeacher[] | undefined,
): readonly Layered[] =>
  stored
    ? stored.map(({ name, layers }) => ({
        name,
        layers: Object.fromEntries(Object.entries(layers).map(([layer, size]) => [layer, { size, of: 'utterance' }])),
      }))
    : teachers.map(({ name, backbone }) => layered(name, backbone));

/** What will be stored of teachers, before anything has run: all their layers of one vector an utterance that a recipe names. */
export function sketchStoredTeachers(
  { stored, levels }: DistillOptions,
  teachers: readonly TeacherParts[],
): StoredTeacher[] | undefined {
  if (stored === undefined) return undefined;
  const named = new Set(levels.flatMap(({ teacher = 'embedding' }) => teacher));
  return teachers.map(({ name, backbone }) => {
    const sizes = Object.entries(layered(name, backbone).layers).flatMap(([layer, { size }]) =>
      named.has(layer) ? [[layer, size] as const] : [],
    );
    return { name, layers: Object.fromEntries(sizes) };
  });
}

/** Trained numbers of a network, without building its values. */
export function parametersOf(build: (scope: Scope) => Backbone): number {
  const { scope, count } = countingScope();
  build(scope);
  return count();
}

/**
 * Refuses teachers that cannot hear what the student hears: stored features of another definition, and with `teacherHears: same` features
 * that are not the student's.
 */
export function checkFeatures(
  { teacherHears }: DistillOptions,
  student: FeatureDefinition,
  teachers: readonly TeacherParts[],
  stored: FeatureDefinition | undefined,
): void {
  if (stored) for (const { features } of teachers) checkSameFeatures(stored, features);
  if (teacherHears === 'clean') return;
  const names = Object.keys(student) as (keyof FeatureDefinition)[];
  for (const { name, features } of teachers) {
    const other = names.filter((option) => option !== 'dither' && features[option] !== student[option]);
    if (other.length === 0) continue;
    const list = other.map((option) => `${option} is ${features[option]} there and ${student[option]} here`).join(', ');
    throw new UserError(
      `teacherHears: same: ${name} hears features of another definition: ${list}. Give the student these features, or teacherHears: clean, ` +
        'where each network has its own.',
    );
  }
}
