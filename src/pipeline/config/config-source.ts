import { readdirSync, readFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml';
import { codeOf, messageOf, UserError } from '../../errors.js';
import { readError } from '../../io/read-file.js';
import { didYouMean } from '../../plugin/suggest.js';

/** Faults of YAML that are told at once: one open bracket may bring hundreds. */
const FAULTS_SHOWN = 10;
/** Most characters of a line, and of a parser's message, that are shown. */
const WIDEST = 240;

/** A place in a config file; line and column count from 1. */
export interface Position {
  line: number;
  column: number;
}

/** A YAML file with the positions of its keys and values. */
export interface ConfigSource {
  file: string;
  /** The plain value of the whole file. */
  value: unknown;
  /** The position of the value at `path`, or of its key; of the nearest entry around it if it is not in the file. */
  locate(path: readonly PropertyKey[], what: 'key' | 'value'): Position;
  /** `file:line:column: message`, then the line with a mark below the place. */
  report(position: Position, message: string): string;
}

/** Reads and parses a YAML file. @throws UserError with file and line for invalid YAML */
export function readConfigSource(file: string): ConfigSource {
  return parseConfigSource(file, readText(file));
}

function readText(file: string): string {
  try {
    const text = readFileSync(file, 'utf8');
    if (text.includes('\0')) throw new UserError(`${file} is not UTF-8 text, and a recipe is a YAML file. Name one.`);
    return text;
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw readError(file, error);
    throw new UserError(`${file}: there is no such config file${didYouMean(file, configsNear(file))}`);
  }
}

/** The config files beside `file`. */
export function configsNear(file: string): string[] {
  try {
    const names = readdirSync(dirname(file)).filter((name) => ['.yaml', '.yml'].includes(extname(name)));
    return names.map((name) => join(dirname(file), name));
  } catch {
    return [];
  }
}

/** As readConfigSource, over the text of a file. */
export function parseConfigSource(file: string, text: string): ConfigSource {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, merge: true });
  const positionAt = (offset: number): Position => {
    const { line, col } = counter.linePos(Math.min(offset, text.length));
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const report = (position: Position, message: string) => excerpt(file, text, position, message);
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    const shown = faults.slice(0, FAULTS_SHOWN);
    throw new UserError(shown.map(({ pos, message }) => report(positionAt(pos[0]), clipped(message))).join('\n'));
  }
  return {
    file,
    value: toPlain(file, document),
    locate: (path, what) => positionAt(offsetOf(document, path, what)),
    report,
  };
}

function toPlain(file: string, document: Document): unknown {
  try {
    return document.toJS();
  } catch (error) {
    throw new UserError(`${file}: ${messageOf(error)}`);
  }
}

const clipped = (text: string): string => (text.length > WIDEST ? `${text.slice(0, WIDEST)}...` : text);

function excerpt(file: string, text: string, { line, column }: Position, message: string): string {
  const head = `${file}:${line}:${column}: ${message}`;
  const shown = text.split(/\r?\n/)[line - 1];
  if (!shown?.trim()) return head;
  const gutter = `  ${line} | `;
  const from = Math.max(0, column - 1 - WIDEST / 2);
  const part = shown.slice(from, from + WIDEST);
  return `${head}\n${gutter}${part}\n${' '.repeat(gutter.length - 2)}| ${' '.repeat(column - 1 - from)}^`;
}

function offsetOf(document: Document, path: readonly PropertyKey[], what: 'key' | 'value'): number {
  let node: Node | null = document.contents as Node | null;
  let offset = startOf(node) ?? 0;
  for (const part of path) {
    const inner: Node | null | undefined = isAlias(node) ? node.resolve(document) : node;
    const pair = isMap(inner) ? inner.items.find((item) => keyOf(item) === String(part)) : undefined;
    const item = isSeq(inner) ? (inner.items[Number(part)] as Node | undefined) : undefined;
    if (pair === undefined && item === undefined) return offset;
    node = (pair ? pair.value : item) as Node | null;
    const [key, value] = [startOf(pair?.key), startOf(node)];
    offset = (what === 'key' ? (key ?? value) : (value ?? key)) ?? offset;
  }
  return offset;
}

const keyOf = ({ key }: Pair): string => String(isScalar(key) ? key.value : key);

function startOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}
