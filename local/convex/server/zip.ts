import { crc32, deflateRawSync } from "node:zlib";

/** One file of an archive, its content in pieces. */
export interface ZipFile {
  name: string;
  content: Iterable<string>;
}

interface Entry {
  name: Buffer;
  crc: number;
  packedSize: number;
  size: number;
  offset: number;
}

const LOCAL_HEADER = 0x04034b50;
const DATA_DESCRIPTOR = 0x08074b50;
const CENTRAL_HEADER = 0x02014b50;
const END_OF_DIRECTORY = 0x06054b50;
const VERSION = 20;
/** Sizes follow the data (bit 3); names are UTF-8 (bit 11). */
const FLAGS = 0x0808;
const DEFLATE = 8;
/** 1 January 1980, the format's zero: an export has one time of its own, its timestamp. */
const DATE = 0x0021;
const MAX_SIZE = 0xffffffff;

/**
 * Writes a ZIP archive as it goes, one file after the other, each packed as a whole. Archives above 4 GiB would need
 * the ZIP64 format and are refused.
 */
export async function* writeZip(files: AsyncIterable<ZipFile>): AsyncGenerator<Buffer> {
  const entries: Entry[] = [];
  let offset = 0;
  for await (const file of files) {
    const content = Buffer.from([...file.content].join(""), "utf8");
    const packed = deflateRawSync(content);
    const entry: Entry = {
      name: Buffer.from(file.name, "utf8"),
      crc: crc32(content),
      packedSize: packed.length,
      size: content.length,
      offset,
    };
    entries.push(entry);
    const parts = [localHeader(entry), entry.name, packed, descriptor(entry)];
    for (const part of parts) offset += part.length;
    if (offset > MAX_SIZE) {
      throw new Error("The snapshot is larger than 4 GiB, more than this export can hold.");
    }
    yield* parts;
  }
  const directory = Buffer.concat(entries.flatMap((entry) => [centralHeader(entry), entry.name]));
  yield directory;
  yield endOfDirectory(entries.length, directory.length, offset);
}

function localHeader({ name }: Entry): Buffer {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(LOCAL_HEADER, 0);
  header.writeUInt16LE(VERSION, 4);
  header.writeUInt16LE(FLAGS, 6);
  header.writeUInt16LE(DEFLATE, 8);
  header.writeUInt16LE(DATE, 12);
  header.writeUInt16LE(name.length, 26);
  return header;
}

function descriptor(entry: Entry): Buffer {
  const record = Buffer.alloc(16);
  record.writeUInt32LE(DATA_DESCRIPTOR, 0);
  writeSizes(record, 4, entry);
  return record;
}

function centralHeader(entry: Entry): Buffer {
  const header = Buffer.alloc(46);
  header.writeUInt32LE(CENTRAL_HEADER, 0);
  header.writeUInt16LE(VERSION, 4);
  header.writeUInt16LE(VERSION, 6);
  header.writeUInt16LE(FLAGS, 8);
  header.writeUInt16LE(DEFLATE, 10);
  header.writeUInt16LE(DATE, 14);
  writeSizes(header, 16, entry);
  header.writeUInt16LE(entry.name.length, 28);
  header.writeUInt32LE(entry.offset, 42);
  return header;
}

function writeSizes(buffer: Buffer, at: number, { crc, packedSize, size }: Entry): void {
  buffer.writeUInt32LE(crc, at);
  buffer.writeUInt32LE(packedSize, at + 4);
  buffer.writeUInt32LE(size, at + 8);
}

function endOfDirectory(count: number, size: number, offset: number): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(END_OF_DIRECTORY, 0);
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return end;
}
