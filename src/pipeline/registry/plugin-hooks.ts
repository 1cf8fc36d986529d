import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { LoadFnOutput, LoadHookContext, ResolveFnOutput, ResolveHookContext } from 'node:module';
import { fileURLToPath } from 'node:url';
import { transform } from 'sucrase';

// Module customization hooks, run by Node on a thread of their own (see load-plugin.ts): TypeScript without a build step,
// and one instance of voxloop for every plugin, wherever its file lies.

type Next<A extends unknown[], R> = (...args: A) => R | Promise<R>;

const publicSurface = new URL('../../index.js', import.meta.url).href;
const typescript = /\.m?ts$/;

export async function resolve(
  specifier: string,
  context: ResolveHookContext,
  next: Next<[string, ResolveHookContext?], ResolveFnOutput>,
): Promise<ResolveFnOutput> {
  if (specifier === 'voxloop') return { url: publicSurface, shortCircuit: true };
  const source = typescriptSource(specifier, context.parentURL);
  return source ? { url: source, format: 'module', shortCircuit: true } : next(specifier, context);
}

/** In TypeScript, './part.js' and './part' may stand for part.ts. */
function typescriptSource(specifier: string, parent: string | undefined): string | undefined {
  if (parent === undefined || !typescript.test(parent) || !/^\.\.?\//.test(specifier)) return undefined;
  const url = new URL(specifier, parent);
  if (existsSync(url)) return undefined;
  const candidates = [url.href.replace(/\.(m?)js$/, '.$1ts'), `${url.href}.ts`, `${url.href}.js`];
  return candidates.find((candidate) => existsSync(new URL(candidate)));
}

export async function load(
  url: string,
  context: LoadHookContext,
  next: Next<[string, LoadHookContext?], LoadFnOutput>,
): Promise<LoadFnOutput> {
  if (!url.startsWith('file:') || !typescript.test(new URL(url).pathname)) return next(url, context);
  const path = fileURLToPath(url);
  const text = await readFile(path, 'utf8');
  return { format: 'module', source: withoutTypes(text, path), shortCircuit: true };
}

/** The types are cut out in place: every line keeps its number. */
function withoutTypes(text: string, filePath: string): string {
  return transform(text, {
    transforms: ['typescript'],
    filePath,
    disableESTransforms: true,
    preserveDynamicImport: true,
  }).code;
}
