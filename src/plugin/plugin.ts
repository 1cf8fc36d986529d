import type { z } from 'zod';
import type { PluginKinds } from './kinds.js';

/** The kinds of plugin, in the order in which they are listed. */
export const kinds = [
  'stage',
  'ssl',
  'backbone',
  'pooling',
  'loss',
  'distillation',
  'objective',
  'clustering',
  'gate',
  'augmentation',
] as const;

export type Kind = (typeof kinds)[number];

/** The common part of every definition; `options` is type, default, validation, help and documentation at once. */
export interface Definition<O extends z.ZodType = z.ZodType> {
  /** Kebab-case, unique within its kind. */
  name: string;
  /** One sentence, with the paper where there is one. */
  summary: string;
  options: O;
}

/** A definition that knows its kind: what a plugin file exports. */
export interface PluginBase<K extends Kind = Kind, O extends z.ZodType = z.ZodType> extends Definition<O> {
  kind: K;
}

/** Any plugin, by its common part. */
export type AnyPlugin = PluginBase;

/** The origin of a plugin; both null for a built-in one. `digest` is the sha256 of the file. */
export interface Origin {
  file: string | null;
  digest: string | null;
}

/** All plugins by kind and name; a plugin is imported when it is first asked for. */
export interface Registry {
  names(kind: Kind): string[];
  /** Throws a UserError with the nearest name when there is no such plugin. */
  load<K extends Kind>(kind: K, name: string): Promise<PluginKinds[K]>;
  origin(kind: Kind, name: string): Origin;
}
