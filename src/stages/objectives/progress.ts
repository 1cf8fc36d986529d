import type { OpenObjectives } from './open-objectives.js';

/** The value of a step that tells objectives how far the run is, from 0 to 1; nothing where there are none. */
export const progressOf = ({ parts }: Pick<OpenObjectives, 'parts'>, progress: number): { progress?: number } =>
  parts.length === 0 ? {} : { progress };
