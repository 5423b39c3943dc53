import { describe, expect, it } from "vitest";
import type { Part } from "../../agents/agent";
import { messageOf } from "../testing/archive";
import { readParts, type PartsSource } from "./read-parts";

const parts: Part[] = [{ type: "text", text: "é😀".repeat(1000) }];
const json = JSON.stringify(parts);

/** Chunks of 100 characters, as the server cuts them, and one file. */
function source(given: Partial<PartsSource> = {}): PartsSource {
  return {
    chunk: (message, index) =>
      Promise.resolve({ text: json.slice(index * 100, index * 100 + 100), hash: message.hash }),
    file: () => Promise.resolve(json),
    ...given,
  };
}

const chunked = messageOf({
  key: "m1",
  large: { bytes: json.length, chunks: Math.ceil(json.length / 100) },
});
const inFile = messageOf({
  key: "m1",
  large: { bytes: json.length, chunks: 0, storageUrl: "https://x.example/1" },
});

describe("readParts", () => {
  it("gives what came along", async () => {
    expect(await readParts(messageOf({ key: "m1", parts }), source())).toEqual(parts);
  });

  it("joins chunks in order, and reads files", async () => {
    expect(await readParts(chunked, source())).toEqual(parts);
    expect(await readParts(inFile, source())).toEqual(parts);
  });

  it("refuses chunks of another version, and missing ones", async () => {
    const replaced = source({ chunk: () => Promise.resolve({ text: json, hash: "another" }) });
    await expect(readParts(chunked, replaced)).rejects.toThrow("replaced");
    const gone = source({ chunk: () => Promise.resolve(null) });
    await expect(readParts(chunked, gone)).rejects.toThrow("replaced");
  });

  it("refuses a file of another shape", async () => {
    const odd = source({ file: () => Promise.resolve('[{"type":"text","text":7}]') });
    await expect(readParts(inFile, odd)).rejects.toThrow("another shape");
  });
});
