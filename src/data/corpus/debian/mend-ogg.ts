import { oggCrc } from '../../../audio/decode/ogg/ogg-crc.js';

const LAST_PAGE = 4;
const HEADER_BYTES = 27;

/**
 * Ends an Ogg file at its last whole packet. Some encoders never write out their last page (480 recordings of
 * klettres-data are so), and the packet begun on the one before it stays open; a strict reader takes such a file for
 * cut short. The last page that ends a packet loses what follows it, is marked as the last, and gets its checksum anew.
 * @returns the same bytes when no packet is open, or when the bytes are no Ogg file
 * @see RFC 3533, section 6
 */
export function mendOgg(bytes: Uint8Array): Uint8Array {
  const pages = findPages(bytes);
  let page = pages.pop();
  if (!page || lacingOf(bytes, page).at(-1)! < 255) return bytes;
  while (page && wholeSegments(bytes, page) === 0) page = pages.pop();
  if (!page) return bytes;

  const segments = wholeSegments(bytes, page);
  const bodyAt = page.start + HEADER_BYTES + page.segments;
  const bodyLength = lacingOf(bytes, page)
    .subarray(0, segments)
    .reduce((sum, length) => sum + length, 0);
  const mended = Buffer.concat([
    bytes.subarray(0, page.start + HEADER_BYTES + segments),
    bytes.subarray(bodyAt, bodyAt + bodyLength),
  ]);
  mended[page.start + 5] |= LAST_PAGE;
  mended[page.start + 26] = segments;
  mended.writeUInt32LE(oggCrc(mended.subarray(page.start)), page.start + 22);
  return mended;
}

interface Page {
  start: number;
  segments: number;
}

/** The pages of the file as long as one follows the other without a gap. */
function findPages(bytes: Uint8Array): Page[] {
  const pages: Page[] = [];
  for (let start = 0; start + HEADER_BYTES < bytes.length; ) {
    const page = { start, segments: bytes[start + 26] };
    const end = lacingOf(bytes, page).reduce((sum, length) => sum + length, start + HEADER_BYTES + page.segments);
    if (String.fromCharCode(...bytes.subarray(start, start + 4)) !== 'OggS' || end > bytes.length) break;
    pages.push(page);
    start = end;
  }
  return pages;
}

function lacingOf(bytes: Uint8Array, { start, segments }: Page): Uint8Array {
  return bytes.subarray(start + HEADER_BYTES, start + HEADER_BYTES + segments);
}

/** Number of a page's segments that belong to packets that end on it. */
function wholeSegments(bytes: Uint8Array, page: Page): number {
  return lacingOf(bytes, page).findLastIndex((length) => length < 255) + 1;
}
