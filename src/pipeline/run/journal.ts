import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { writeError } from '../../io/write-error.js';
import type { Json } from '../../plugin/json.js';

/** Appends one event to a journal: one JSON line, on disk when this returns. */
export function appendToJournal(path: string, event: string, fields: { [key: string]: Json } = {}): void {
  const line = `${JSON.stringify({ time: new Date().toISOString(), event, ...fields })}\n`;
  try {
    const file = openSync(path, 'a+');
    try {
      writeSync(file, endsInNewline(file) ? line : `\n${line}`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw writeError(path, error);
  }
}

// A run killed in the middle of a line must not spoil the next one.
function endsInNewline(file: number): boolean {
  const { size } = fstatSync(file);
  const last = Buffer.alloc(1);
  return size === 0 || (readSync(file, last, 0, 1, size - 1) === 1 && last[0] === 0x0a);
}
