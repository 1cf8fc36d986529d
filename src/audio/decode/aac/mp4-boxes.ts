import { UserError } from '../../../errors.js';
import { damaged } from '../broken-audio.js';
import { textAt } from '../file-start.js';

/** A part of an MP4 file: its length with the header, in four bytes, its type in four, and its body (ISO/IEC 14496-12, section 4.2). */
interface Box {
  type: string;
  body: DataView;
}

const HEADER_BYTES = 8;
const CONTAINERS = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl', 'udta', 'edts', 'sinf']);
/** Bytes of a row, the least ones of a description in `stsd`, of the tables that begin with the number of their rows, behind version and flags. */
const ROW_BYTES: Readonly<Record<string, number>> = { stsd: 16, stts: 8, stsc: 12, stco: 4, co64: 8 };
const TABLE_HEADER_BYTES = 8;

/**
 * Walks the boxes of an MP4 file as a decoder will: what states a length or a number of rows that cannot be would keep the decoder busy for
 * ever, or take all memory.
 * @throws UserError when the file is cut short or a table is damaged
 */
export function checkBoxes(bytes: Uint8Array, name: string): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = new Set<string>();
  for (let at = 0; at < bytes.length; ) {
    if (at + HEADER_BYTES > bytes.length) throw cutInBox(name, 'a box', HEADER_BYTES, bytes.length - at);
    const type = textAt(bytes, at + 4, 4);
    const length = boxLength(view, at);
    if (length < HEADER_BYTES) throw damaged(name, `its box '${type}' states a length of ${length} bytes`);
    if (at + length > bytes.length) throw cutInBox(name, `its box '${type}'`, length, bytes.length - at);
    found.add(type);
    if (type === 'moov') checkBox({ type, body: part(view, at + HEADER_BYTES, at + length) }, bytes.length, name);
    at += length;
  }
  const missing = ['moov', 'mdat'].find((type) => !found.has(type));
  if (missing) throw damaged(name, `it is cut short or was never finished: it has no box '${missing}'`);
}

/** The stated length with the header; 1 stands for a 64-bit length behind the type, 0 for the rest of the file. */
function boxLength(view: DataView, at: number): number {
  const length = view.getUint32(at);
  if (length === 0) return view.byteLength - at;
  if (length !== 1 || at + 16 > view.byteLength) return length;
  return Number(view.getBigUint64(at + 8));
}

const cutInBox = (name: string, box: string, stated: number, there: number): UserError =>
  new UserError(
    `${name} is cut short: ${box} takes ${stated} bytes, ${there} are there. Copy or download it again, or leave it out.`,
  );

const part = (view: DataView, from: number, to: number): DataView =>
  new DataView(view.buffer, view.byteOffset + from, Math.max(0, Math.min(to, view.byteLength) - from));

/** @param fileBytes what samples of one size cannot be more than */
function checkBox({ type, body }: Box, fileBytes: number, name: string): void {
  const inner = type === 'stsd' ? entriesOf(body) : CONTAINERS.has(type) ? boxesOf(body) : [];
  for (const box of inner) checkBox(box, fileBytes, name);
  if (type === 'esds') checkDescriptors(body, name);
  const rows = rowsStated({ type, body }, fileBytes);
  if (rows && rows.stated > rows.most)
    throw damaged(name, `its table '${type}' states ${rows.stated} rows, and ${rows.most} fit`);
}

/** The boxes of a container, as far as they fit into it: some end in other bytes. */
function boxesOf(body: DataView): Box[] {
  const boxes: Box[] = [];
  for (let at = 0; at + HEADER_BYTES < body.byteLength; ) {
    const length = boxLength(body, at);
    if (length < HEADER_BYTES || at + length > body.byteLength) break;
    boxes.push({ type: typeAt(body, at), body: part(body, at + HEADER_BYTES, at + length) });
    at += length;
  }
  return boxes;
}

/** The boxes within the descriptions of AAC and Apple Lossless sound; a header of 36 bytes stands before them, QuickTime's are longer. */
function entriesOf(body: DataView): Box[] {
  const boxes: Box[] = [];
  for (let at = TABLE_HEADER_BYTES; at + 36 < body.byteLength; ) {
    const length = body.getUint32(at);
    const version = body.getUint16(at + 16);
    const [type, header] = [typeAt(body, at), version === 1 ? 52 : 36];
    if (length < HEADER_BYTES) break;
    if (type === 'mp4a' || type === 'alac') boxes.push(...boxesOf(part(body, at + header, at + length)));
    at += length;
  }
  return boxes;
}

const typeAt = (view: DataView, at: number): string =>
  textAt(new Uint8Array(view.buffer, view.byteOffset, view.byteLength), at + 4, 4);

/** How many rows a table states and how many it can have; undefined for a box that is no table. */
function rowsStated({ type, body }: Box, fileBytes: number): { stated: number; most: number } | undefined {
  const rowsIn = (header: number, bytes: number) => Math.max(0, Math.floor((body.byteLength - header) / bytes));
  if (body.byteLength < TABLE_HEADER_BYTES) return undefined;
  if (type in ROW_BYTES) return { stated: body.getUint32(4), most: rowsIn(TABLE_HEADER_BYTES, ROW_BYTES[type]) };
  if (type === 'elst')
    return { stated: body.getUint32(4), most: rowsIn(TABLE_HEADER_BYTES, body.getUint8(0) === 1 ? 20 : 12) };
  if (type !== 'stsz' || body.byteLength < TABLE_HEADER_BYTES + 4) return undefined;
  // Samples of one size are not listed.
  const size = body.getUint32(4);
  return { stated: body.getUint32(8), most: size > 0 ? Math.floor(fileBytes / size) : rowsIn(12, 4) };
}

/** Bytes of an ES descriptor and a decoder's, by tag, before the descriptors in them. */
const DESCRIPTOR_BYTES: Readonly<Record<number, number>> = { 3: 3, 4: 13 };
/** The decoder's own settings, which are the last that is looked for. */
const SETTINGS_TAG = 5;

/** A descriptor is a tag and a length of at most four bytes, seven bits in each (ISO/IEC 14496-1, section 8.3.3). */
function checkDescriptors(body: DataView, name: string): void {
  for (let at = 4; at + 2 < body.byteLength; ) {
    const tag = body.getUint8(at++);
    let [length, bytes, more] = [0, 0, true];
    for (; more && at < body.byteLength; bytes++) {
      const byte = body.getUint8(at++);
      length = length * 128 + (byte & 0x7f);
      more = byte >= 0x80;
    }
    if (bytes > 4) throw damaged(name, `its decoder settings (esds) state a length in ${bytes} bytes, of at most four`);
    if (tag === SETTINGS_TAG) return;
    at += DESCRIPTOR_BYTES[tag] ?? length;
  }
}
