import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

/**
 * Puts the files of `voxloop page` into dist/page: those of src/page/site as they are, and what computes in the browser as one file,
 * worker.js, beside the licences of the packages in it.
 */
export function bundlePage(root) {
  const [site, target] = [join(root, 'src', 'page', 'site'), join(root, 'dist', 'page')];
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  for (const file of readdirSync(site)) copyFileSync(join(site, file), join(target, file));
  const { metafile } = buildSync({
    absWorkingDir: root,
    entryPoints: ['src/page/worker.ts'],
    outfile: join(target, 'worker.js'),
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    // Decoders of rare kinds of WAV: the browser decodes these.
    external: ['mpg123-decoder', 'wavefile'],
    minify: true,
    metafile: true,
    banner: { js: '/* voxloop, MIT License. LICENSES.txt has the licences of the packages in this file. */' },
    logLevel: 'warning',
  });
  writeFileSync(join(target, 'LICENSES.txt'), licencesOf(root, Object.keys(metafile.inputs)));
}

/** The licences of the packages that files of node_modules belong to. */
function licencesOf(root, files) {
  const names = files.map((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]);
  const packages = [...new Set(names)].filter(Boolean).sort();
  return packages
    .map((name) => `worker.js contains ${name}:\n\n${licenceOf(join(root, 'node_modules', name))}`)
    .join('\n');
}

function licenceOf(folder) {
  const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
  if (file !== undefined) return readFileSync(join(folder, file), 'utf8');
  throw new Error(`${folder} has no licence to hand on`);
}
