import { validate } from "convex-helpers/validators";
import type { ConvexReactClient } from "convex/react";
import type { FunctionReturnType } from "convex/server";
import { v } from "convex/values";
import type { Part } from "../../agents/agent";
import { api } from "../../convex/_generated/api";
import { vPart } from "../../convex/validators";
import type { Message } from "./types";

/** What reading needs of a Convex client. */
export interface PartsSource {
  /** One chunk of a large message (`messages.chunk`). */
  chunk(message: Message, index: number): Promise<FunctionReturnType<typeof api.messages.chunk>>;
  /** The body at a storage URL. */
  file(url: string): Promise<string>;
}

/** Reads through the page's live client. */
export function convexParts(convex: ConvexReactClient): PartsSource {
  return {
    chunk: (message, index) => convex.query(api.messages.chunk, { messageId: message.id, index }),
    file: async (url) => {
      const response = await fetch(url);
      if (!response.ok) throw new Error(`The file answered ${response.status}`);
      return response.text();
    },
  };
}

async function readJson(message: Message, source: PartsSource): Promise<string> {
  const { chunks = 0, storageUrl } = message.large ?? {};
  if (storageUrl !== undefined) return source.file(storageUrl);
  const texts = Array.from({ length: chunks }, async (_, index) => {
    const chunk = await source.chunk(message, index);
    if (chunk?.hash !== message.hash) throw new Error("The message was replaced while it was read");
    return chunk.text;
  });
  return (await Promise.all(texts)).join("");
}

/** All parts of a message, however large. Throws when they cannot be read whole. */
export async function readParts(message: Message, source: PartsSource): Promise<Part[]> {
  if (!message.large) return message.parts;
  const parts: unknown = JSON.parse(await readJson(message, source));
  // Files are written by clients, and nobody has looked into them yet.
  if (!validate(v.array(vPart), parts)) throw new Error("The stored parts have another shape");
  return parts;
}
