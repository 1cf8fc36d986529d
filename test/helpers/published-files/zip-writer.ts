import { crc32, deflateRawSync } from 'node:zlib';

/** A member of an archive, and what is wrong with it. */
export interface ZipMember {
  name: string;
  data: Uint8Array;
  /** Deflated instead of stored. */
  compressed?: boolean;
  /** The size that its header tells, instead of the true one. */
  size?: number;
  /** Place of the header of another member that it pretends to be. */
  at?: number;
  crc32?: number;
}

/** An archive, laid out by the specification of PKWARE (APPNOTE 6.3.3) without what it leaves to choice. */
export function zipOf(members: readonly ZipMember[]): Uint8Array {
  const pieces: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const member of members) {
    const content = member.compressed ? deflateRawSync(member.data) : Buffer.from(member.data);
    const start = member.at ?? at;
    if (member.at === undefined) {
      const local = Buffer.concat([
        headerOf(0x04034b50, member, content, undefined),
        Buffer.from(member.name),
        content,
      ]);
      pieces.push(local);
      at += local.length;
    }
    directory.push(headerOf(0x02014b50, member, content, start), Buffer.from(member.name));
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...pieces, central, end]);
}

/** A member's header: local, or of the directory with the place of the local one. */
function headerOf(signature: number, member: ZipMember, content: Buffer, at: number | undefined): Buffer {
  const { name, data, compressed } = member;
  const isCentral = at !== undefined;
  const header = Buffer.alloc(isCentral ? 46 : 30);
  const skip = isCentral ? 2 : 0;
  header.writeUInt32LE(signature, 0);
  if (isCentral) header.writeUInt16LE(20, 4);
  header.writeUInt16LE(20, 4 + skip);
  header.writeUInt16LE(compressed ? 8 : 0, 8 + skip);
  header.writeUInt32LE(member.crc32 ?? crc32(data), 14 + skip);
  header.writeUInt32LE(member.size ?? content.length, 18 + skip);
  header.writeUInt32LE(member.size ?? data.length, 22 + skip);
  header.writeUInt16LE(Buffer.byteLength(name), 26 + skip);
  if (isCentral) header.writeUInt32LE(at, 42);
  return header;
}
