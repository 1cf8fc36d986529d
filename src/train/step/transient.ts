/** The scope of what is gathered for an update. */
export const GATHERED = 'accumulated';

/** The scope of networks that a training learns from, and that it was given. */
export const TEACHERS = 'teacher';

/** True for variables that no checkpoint needs: that hold nothing between two updates, or what was loaded before the first. */
export const isTransient = (name: string): boolean =>
  [GATHERED, TEACHERS].some((scope) => name.startsWith(`${scope}/`));
