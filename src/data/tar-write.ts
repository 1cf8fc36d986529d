import type { AtomicFile } from '../io/open-atomic.js';

const BLOCK = 512;
/** A header has room for a name of so many bytes. */
const NAME_BYTES = 100;
/** Members of a long name have one before them that holds the name, as GNU tar writes it. */
const LONG_NAME = '././@LongLink';
const ZEROS = new Uint8Array(2 * BLOCK);

/** A tar archive that is written member by member. */
export interface TarWriter {
  /** Adds a file of these pieces, one behind the other. */
  add(name: string, pieces: readonly (Uint8Array | string)[]): void;
  /** Writes the end marker. */
  end(): void;
}

/** Writes ustar members that say nothing of when or by whom they were written, so that equal contents are equal bytes. */
export function openTar(file: Pick<AtomicFile, 'write'>): TarWriter {
  const member = (name: string, type: string, pieces: readonly Uint8Array[]) => {
    const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    file.write(header(name, type, bytes));
    for (const piece of pieces) file.write(piece);
    file.write(ZEROS.subarray(0, (BLOCK - (bytes % BLOCK)) % BLOCK));
  };
  return {
    add(name, pieces) {
      if (Buffer.byteLength(name) > NAME_BYTES) member(LONG_NAME, 'L', [Buffer.from(`${name}\0`)]);
      const data = pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece));
      member(name, '0', data);
    },
    end: () => file.write(ZEROS),
  };
}

/** A header of 512 bytes: name, mode, owner, size and time, the sum of its bytes, and the kind of member. */
function header(name: string, type: string, bytes: number): Uint8Array {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, length: number) =>
    block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at);
  block.write(name, 0, NAME_BYTES, 'utf8');
  octal(0o644, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(bytes, 124, 12);
  octal(0, 136, 12);
  block.write('        ', 148);
  block.write(type, 156);
  block.write('ustar\x0000', 257, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}
