import { strToU8, Zip, ZipDeflate } from "fflate";

/** One file of an archive, its content in pieces. */
export interface ZipFile {
  name: string;
  content: Iterable<string>;
}

/** Writes a ZIP archive as it goes, one file after the other. */
export async function* writeZip(files: AsyncIterable<ZipFile>): AsyncGenerator<Uint8Array> {
  const written: Uint8Array[] = [];
  const archive = new Zip((error, data) => {
    if (error) throw error;
    written.push(data);
  });
  for await (const { name, content } of files) {
    const file = new ZipDeflate(name);
    archive.add(file);
    for (const piece of content) {
      file.push(strToU8(piece));
      yield* written.splice(0);
    }
    file.push(new Uint8Array(), true);
  }
  archive.end();
  yield* written.splice(0);
}
