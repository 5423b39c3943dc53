/** The files of an export, piece by piece: a file as it is, or each entry of a ZIP, inflated as it comes. Nothing is held whole. */
import { Unzip, UnzipInflate } from "fflate";

/** What a dropped file gives, so that tests can give others. */
export interface SourceFile {
  name: string;
  /** Bytes. */
  size: number;
  stream(): ReadableStream<Uint8Array>;
}

/** Takes the bytes of one entry. */
export interface Sink {
  write(bytes: Uint8Array): void;
  /** `problem`: the entry cannot be read to its end, in words for people. */
  end(problem: string | null): void;
}

export interface EntriesDeps {
  /** Answers where an entry's bytes go; null skips it. */
  open(path: string): Sink | null;
  /** Called when a ZIP has no end: entries may be missing, which nothing else tells. */
  onMissingEnd(): void;
  /** Awaited after each piece of the file, with its length: what was found in it can be taken away first. */
  afterPiece(bytes: number): Promise<void>;
}

/** The first bytes of a ZIP, also of an empty one. */
function isZip(first: Uint8Array): boolean {
  return first[0] === 0x50 && first[1] === 0x4b;
}

/** The record that ends a ZIP, with the longest comment. */
const MAX_END_BYTES = 22 + 65_535;

export const DAMAGED = "It is damaged or incomplete from some point on; what came before was read.";

interface Reader {
  push(bytes: Uint8Array): void;
  finish(): void;
}

function readPlain(path: string, deps: EntriesDeps): Reader {
  const sink = deps.open(path);
  return { push: (bytes) => sink?.write(bytes), finish: () => sink?.end(null) };
}

/** Whether the bytes hold the signature of the record that ends a ZIP. */
function holdsEnd(bytes: Uint8Array): boolean {
  return bytes.some(
    (byte, at) =>
      byte === 0x50 && bytes[at + 1] === 0x4b && bytes[at + 2] === 0x05 && bytes[at + 3] === 0x06,
  );
}

function readZip(deps: EntriesDeps): Reader {
  const open = new Set<Sink>();
  let tail = new Uint8Array();
  const unzip = new Unzip();
  unzip.register(UnzipInflate);
  unzip.onfile = (file) => {
    const sink = file.name.endsWith("/") ? null : deps.open(file.name);
    if (!sink) return;
    open.add(sink);
    file.ondata = (error, bytes, isLast) => {
      if (!error) sink.write(bytes);
      if ((error || isLast) && open.delete(sink)) sink.end(error ? DAMAGED : null);
    };
    file.start();
  };
  return {
    push(bytes) {
      const joined = new Uint8Array(tail.length + bytes.length);
      joined.set(tail);
      joined.set(bytes, tail.length);
      tail = joined.slice(-MAX_END_BYTES);
      unzip.push(bytes);
    },
    finish() {
      if (!holdsEnd(tail)) deps.onMissingEnd();
      for (const sink of open) sink.end(DAMAGED);
      open.clear();
    },
  };
}

/** Reads one file, or every entry of it when it is a ZIP. Rejects when the file itself cannot be read. */
export async function readEntries(file: SourceFile, deps: EntriesDeps): Promise<void> {
  let reader: Reader | null = null;
  const stream = file.stream().getReader();
  for (let next = await stream.read(); !next.done; next = await stream.read()) {
    reader ??= isZip(next.value) ? readZip(deps) : readPlain(file.name, deps);
    reader.push(next.value);
    await deps.afterPiece(next.value.length);
  }
  (reader ?? readPlain(file.name, deps)).finish();
}
