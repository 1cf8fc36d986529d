/** A tar member for tests: a file unless `type` says otherwise. */
export interface Member {
  name: string;
  content: Uint8Array | string;
  type?: string;
}

/** A ustar archive with its end marker, as small as the format allows. */
export function tarFile(members: readonly Member[]): Buffer {
  const blocks = members.flatMap(({ name, content, type = '0' }) => {
    const data = Buffer.from(content);
    const header = Buffer.alloc(512);
    header.write(name.slice(0, 100), 'utf8');
    header.write('0000644\0', 100);
    header.write(`${data.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('        ', 148);
    header.write(type, 156);
    header.write('ustar\x0000', 257, 'latin1');
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return [header, data, Buffer.alloc((512 - (data.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}
