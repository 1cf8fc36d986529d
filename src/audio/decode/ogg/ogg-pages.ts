import { textAt } from '../file-start.js';
import { oggCrc } from './ogg-crc.js';

/** One link of an Ogg chain: a logical stream from its first page to its last. */
export interface OggLink {
  serial: number;
  packets: Uint8Array[];
  /** The position in samples (48 kHz for Opus) that the last finished packet's page states; 0 when none does. */
  lastGranule: number;
  /** Packets that end on the page which states it. */
  lastPagePackets: number;
  /** The link's pages, for decoders that read Ogg themselves. */
  bytes: Uint8Array;
}

/** The contents of an Ogg file. */
export interface OggFile {
  links: OggLink[];
  /** The file ends inside a page or inside a packet. A missing end-of-stream mark alone is what live recordings leave. */
  isCutShort: boolean;
  /** Streams are interleaved (a film's sound and picture, for example). */
  isMultiplexed: boolean;
  /** Offset of the first page whose checksum does not hold or before which another is missing, or of bytes that should be a page. */
  damagedAt: number | null;
}

interface Page {
  isFirst: boolean;
  isLast: boolean;
  continues: boolean;
  granule: bigint;
  serial: number;
  number: number;
  checksum: number;
  /** Lacing values: a packet is their sum up to and including the first one below 255. */
  lacing: Uint8Array;
  bodyAt: number;
  end: number;
}

/** Splits an Ogg file (RFC 3533) into the packets of its links; bytes that belong to no page are stepped over. */
export function readOgg(bytes: Uint8Array): OggFile {
  const file: OggFile = { links: [], isCutShort: false, isMultiplexed: false, damagedAt: null };
  let [open, linkStart]: [Uint8Array[], number] = [[], 0];
  let [last, isBehindForeign]: [Page | null, boolean] = [null, false];
  for (let at = 0; at < bytes.length; ) {
    const page = parsePage(bytes, at);
    if (page === null || page === 'partial' || !isSound(bytes, at, page)) {
      const next = nextSoundPage(bytes, at + 1);
      file.isCutShort = page === 'partial' && next === null;
      if (!file.isCutShort && (page !== null || (next === null && !last?.isLast))) file.damagedAt = at;
      if (file.isCutShort || file.damagedAt !== null || next === null) return file;
      at = next;
      isBehindForeign = true;
      continue;
    }
    if (isBehindForeign && !page.isFirst && last && page.number > last.number + 1) {
      file.damagedAt = at;
      return file;
    }
    if (page.isFirst) {
      linkStart = at;
      open = [];
      file.links.push({ serial: page.serial, packets: [], lastGranule: 0, lastPagePackets: 0, bytes });
    }
    const link = file.links.at(-1);
    if (!link || link.serial !== page.serial) file.isMultiplexed = true;
    else {
      open = takePackets(bytes, page, link, page.continues ? open : []);
      link.bytes = bytes.subarray(linkStart, page.end);
    }
    [at, last, isBehindForeign] = [page.end, page, false];
  }
  if (open.length > 0) file.isCutShort = true;
  return file;
}

/** The first letter of a page's "OggS". */
const PAGE_START = 'O'.charCodeAt(0);

function nextSoundPage(bytes: Uint8Array, from: number): number | null {
  for (let at = bytes.indexOf(PAGE_START, from); at >= 0; at = bytes.indexOf(PAGE_START, at + 1)) {
    const page = parsePage(bytes, at);
    if (page !== null && page !== 'partial' && isSound(bytes, at, page)) return at;
  }
  return null;
}

const isSound = (bytes: Uint8Array, at: number, page: Page): boolean =>
  oggCrc(bytes.subarray(at, page.end)) === page.checksum;

function parsePage(bytes: Uint8Array, at: number): Page | 'partial' | null {
  if (textAt(bytes, at, 4) !== 'OggS'.slice(0, bytes.length - at)) return null;
  const segments = bytes[at + 26];
  const bodyAt = at + 27 + segments;
  if (at + 27 > bytes.length || bodyAt > bytes.length) return 'partial';
  const lacing = bytes.subarray(at + 27, bodyAt);
  const end = lacing.reduce((sum, length) => sum + length, bodyAt);
  if (end > bytes.length) return 'partial';
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 27);
  return {
    continues: (bytes[at + 5] & 1) !== 0,
    isFirst: (bytes[at + 5] & 2) !== 0,
    isLast: (bytes[at + 5] & 4) !== 0,
    granule: view.getBigInt64(6, true),
    serial: view.getUint32(14, true),
    number: view.getUint32(18, true),
    checksum: view.getUint32(22, true),
    lacing,
    bodyAt,
    end,
  };
}

/** Appends the packets that end on this page to the link; returns the pieces of the one that does not. */
function takePackets(bytes: Uint8Array, page: Page, link: OggLink, pieces: Uint8Array[]): Uint8Array[] {
  let [start, end] = [page.bodyAt, page.bodyAt];
  let open = pieces;
  for (const length of page.lacing) {
    end += length;
    if (length === 255) continue;
    const last = bytes.subarray(start, end);
    link.packets.push(open.length > 0 ? Buffer.concat([...open, last]) : last);
    open = [];
    start = end;
  }
  // -1 says that no packet ends on this page.
  if (page.granule >= 0n) {
    link.lastGranule = Number(page.granule);
    link.lastPagePackets = page.lacing.filter((length) => length < 255).length;
  }
  return end > start ? [...open, bytes.subarray(start, end)] : open;
}
