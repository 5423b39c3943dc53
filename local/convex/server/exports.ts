import { Readable } from "node:stream";
import { jsonToConvex, type Value } from "convex/values";
import type { Engine, Json } from "../types.ts";
import { plainJson } from "./json-format.ts";
import { Refusal } from "./http.ts";
import { writeZip, type ZipFile } from "./zip.ts";

/**
 * Snapshot exports: a ZIP with `<table>/documents.jsonl` for every table, as `npx convex export` downloads it. Asking
 * for one only fixes its name; the tables are read when it is downloaded.
 */
export class Exports {
  readonly #engine: Engine;
  #latest: bigint | null = null;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  request(includeStorage: boolean): void {
    if (includeStorage) {
      throw new Refusal(
        400,
        "FileExportNotHosted",
        "The embedded Convex backend exports tables, not stored files. Leave out --include-file-storage; " +
          "the files are in the data folder as they are.",
      );
    }
    this.#latest = this.#engine.now();
  }

  /** The state of the last export in the words of the official CLI. */
  latest(): Value {
    if (this.#latest === null) return null;
    return {
      state: "completed",
      start_ts: this.#latest,
      complete_ts: this.#latest,
      zip_object_key: this.#latest.toString(),
    };
  }

  zip(): Readable {
    return Readable.from(writeZip(this.#files()));
  }

  async *#files(): AsyncGenerator<ZipFile> {
    const names: string[] = [];
    for await (const { table, documents } of this.#engine.exportSnapshot()) {
      names.push(table);
      yield { name: `${table}/documents.jsonl`, content: lines(documents) };
    }
    yield {
      name: "_tables/documents.jsonl",
      content: lines(names.map((name, index) => ({ name, id: index + 1 }))),
    };
  }
}

function* lines(documents: Json[]): Generator<string> {
  for (const document of documents) yield `${JSON.stringify(plainJson(jsonToConvex(document)))}\n`;
}
