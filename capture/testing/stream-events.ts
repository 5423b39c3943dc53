import { requestLine, splitEvents } from "../events";
import type { Stream } from "../../agents/agent";

/** What an agent's stream says of the events of one request: `settled <session>`, as capture takes them. */
export function eventsTold(stream: Stream, address: string, events: readonly string[]): string[] {
  const line = requestLine(stream.method ?? "GET", address);
  const kinds = ["settled", "running", "changed"] as const;
  return events.flatMap((event) => {
    for (const kind of kinds) {
      const found = stream[kind] && new RegExp(stream[kind]).exec(line + event);
      if (found) return [[kind, ...found.slice(1)].join(" ")];
    }
    return [];
  });
}

/** The same of a whole body, which comes in pieces of this size. */
export function bodyTold(stream: Stream, address: string, body: string, size = 7): string[] {
  const events: string[] = [];
  const splitter = splitEvents((event) => events.push(event), stream.separator);
  for (let at = 0; at < body.length; at += size) splitter.add(body.slice(at, at + size));
  splitter.end();
  return eventsTold(stream, address, events);
}
