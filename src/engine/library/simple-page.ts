import { basename } from 'node:path';

/** A file that a package index offers. */
export interface IndexFile {
  file: string;
  /** Its address; user name and password of the index are kept for the same origin. */
  url: URL;
  /** The checksum that the index publishes, lower-case hexadecimal, or null. */
  sha256: string | null;
  bytes: number | null;
}

/** The Accept header for an index: the JSON form (PEP 691), else HTML. */
export const SIMPLE_ACCEPT =
  'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1';

/** The files that a simple page lists (PEP 503 HTML or PEP 691 JSON); `type` is its content type, `base` its address. */
export function parseSimplePage(text: string, type: string, base: URL): IndexFile[] {
  return /json/i.test(type) ? parseJson(text, base) : parseHtml(text, base);
}

interface JsonPage {
  files?: { filename?: string; url?: string; hashes?: Record<string, string>; size?: number }[];
}

function parseJson(text: string, base: URL): IndexFile[] {
  const { files } = JSON.parse(text) as JsonPage;
  return (files ?? []).flatMap(({ filename, url: href, hashes, size }) => {
    const url = href === undefined ? null : resolved(href, base, base);
    return filename && url ? [{ file: filename, url, sha256: checksum(hashes?.sha256), bytes: size ?? null }] : [];
  });
}

function parseHtml(text: string, base: URL): IndexFile[] {
  const tags = [...text.replace(/<!--[\s\S]*?-->/g, '').matchAll(/<(a|base)\b([^>]*)>/gi)];
  const origin = tags.find(([, name]) => name!.toLowerCase() === 'base');
  const from = resolved(hrefOf(origin?.[2]) ?? '', base, base) ?? base;
  return tags.flatMap(([, name, attributes]) => {
    const href = hrefOf(attributes);
    const url = name!.toLowerCase() === 'a' && href !== null ? resolved(href, from, base) : null;
    if (!url) return [];
    const sha256 = checksum(/^#sha256=([0-9a-f]{64})\b/i.exec(url.hash)?.[1]);
    url.hash = '';
    return [{ file: decodeURIComponent(basename(url.pathname)), url, sha256, bytes: null }];
  });
}

function hrefOf(attributes: string | undefined): string | null {
  const match = /\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))/i.exec(attributes ?? '');
  const href = match?.[1] ?? match?.[2] ?? match?.[3];
  if (href === undefined) return null;
  return href
    .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    .replace(/&#x([0-9a-f]+);/gi, (_, code) => String.fromCodePoint(Number.parseInt(code, 16)))
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
}

/** Pages from the network may not point into the file system. */
function resolved(href: string, from: URL, page: URL): URL | null {
  if (!URL.canParse(href, from.href)) return null;
  const url = new URL(href, from);
  const schemes = page.protocol === 'file:' ? ['file:', 'http:', 'https:'] : ['http:', 'https:'];
  if (!schemes.includes(url.protocol)) return null;
  if (url.origin === page.origin && !url.username) [url.username, url.password] = [page.username, page.password];
  return url;
}

function checksum(hex: string | undefined): string | null {
  return hex && /^[0-9a-f]{64}$/i.test(hex) ? hex.toLowerCase() : null;
}
