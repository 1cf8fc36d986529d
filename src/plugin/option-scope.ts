import { AsyncLocalStorage } from 'node:async_hooks';
import type { Kind, Registry } from './plugin.js';

/**
 * The context of `artifact()` and `pluginChoice()` fields while a stage's options are parsed. A zod schema is built
 * once, long before there is a config, and hands no context to its checks; so the scope travels beside the call.
 */
export interface OptionScope {
  registry: Registry;
  /** Types of the artifacts of earlier stages, by name. */
  earlier: ReadonlyMap<string, string>;
  /** Artifact names of this stage and those after it. */
  later: ReadonlySet<string>;
  /** Filled while parsing: the artifacts that were named. */
  references: Set<string>;
  /** Filled while parsing: the plugins that were chosen. */
  uses: Map<string, { kind: Kind; name: string }>;
}

const scopes = new AsyncLocalStorage<OptionScope>();

/** Runs `parse` with a scope. */
export function withOptionScope<T>(scope: OptionScope, parse: () => Promise<T>): Promise<T> {
  return scopes.run(scope, parse);
}

/** The scope of the current parse; undefined when a schema is used on its own. */
export function optionScope(): OptionScope | undefined {
  return scopes.getStore();
}
