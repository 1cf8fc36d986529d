/** A page with its generated part replaced: what stands between <!-- generated NAME --> and <!-- end NAME -->. */
export function withPart(text, name, part) {
  const [open, close] = [`<!-- generated ${name} -->`, `<!-- end ${name} -->`];
  const [from, to] = [text.indexOf(open), text.indexOf(close)];
  if (from < 0 || to < from) throw new Error(`The page must hold ${open} and, below it, ${close}.`);
  return `${text.slice(0, from + open.length)}\n\n${part.trim()}\n\n${text.slice(to)}`;
}
