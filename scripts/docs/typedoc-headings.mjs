// A plugin of typedoc: the headings of an entry file, comments such as `// Layers` above groups of exports, become its categories,
// and the entry files are called as programs import them.
import { readFileSync } from 'node:fs';
import { Comment, CommentTag, Converter, ReflectionKind } from 'typedoc';

export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.getChildrenByKind(ReflectionKind.Module)) {
      const headings = headingsOf(readFileSync(`src/${module.name}.ts`, 'utf8'));
      for (const child of module.children ?? []) categorise(child, headings.get(child.name));
      module.name = module.name === 'index' ? 'voxloop' : `voxloop/${module.name}`;
    }
  });
}

/** By exported name. */
function headingsOf(source) {
  const headings = new Map();
  let heading;
  for (const [, comment, names] of source.matchAll(/^\/\/ (.+)\n$|^export (?:type )?\{([^}]*)\}/gm)) {
    if (comment !== undefined) heading = comment;
    for (const name of names?.split(',') ?? [])
      headings.set(
        name
          .replace(/\btype\b/, '')
          .trim()
          .split(/\s+as\s+/)
          .at(-1),
        heading,
      );
  }
  return headings;
}

function categorise(reflection, heading) {
  if (heading === undefined) return;
  for (const { comment } of [reflection, ...(reflection.signatures ?? [])]) comment?.removeTags('@category');
  const holder = reflection.signatures?.[0] ?? reflection;
  holder.comment ??= new Comment();
  holder.comment.blockTags.push(new CommentTag('@category', [{ kind: 'text', text: heading }]));
}
