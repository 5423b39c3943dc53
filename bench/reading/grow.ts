/** Grows a fixture: its messages again and again, each time with ids of their own, one after the other in one branch. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Form, Json } from "./forms.ts";

/** As capture hands it to an agent. */
export interface Observation {
  tap: string;
  url: string;
  method: string;
  status: number;
  body: string;
  request?: string;
  isTruncated: boolean;
  pageUrl: string;
}

const FIXTURES = join(import.meta.dirname, "../../agents/fixtures");

/** Far above the numbers of any fixture. */
const STEP = 100_000;

interface Fixture {
  head: Omit<Observation, "body" | "request">;
  value: unknown;
  /** The half that does not hold the messages. */
  other: string | undefined;
  sessions: Set<unknown>;
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(join(FIXTURES, path), "utf8"));
}

function asText(value: unknown): string | undefined {
  return value === undefined || typeof value === "string" ? value : JSON.stringify(value);
}

function load({ agent, fixture, isRequest, text }: Form): Fixture {
  const { body, request, ...head } = readJson(`${agent}/${fixture}.observation.json`) as Json;
  const expected = readJson(`${agent}/${fixture}.expected.json`) as { session: Json }[];
  const [own, other] = isRequest ? [request, body] : [body, request];
  const value =
    typeof own === "string" ? (text?.parse ?? ((given) => JSON.parse(given)))(own) : own;
  return {
    head: head as unknown as Fixture["head"],
    value,
    other: asText(other),
    sessions: new Set(expected.map(({ session }) => session.key)),
  };
}

function at(value: unknown, path: (string | number)[]): unknown {
  return path.reduce<unknown>((inner, name) => (inner as Json)[name], value);
}

function put(value: unknown, path: (string | number)[], inner: unknown): unknown {
  if (path.length === 0) return inner;
  (at(value, path.slice(0, -1)) as Json)[path.at(-1)!] = inner;
  return value;
}

/** Every id in a value. */
function idsIn(value: unknown, { ids = [], id }: Form, found = new Set<unknown>()): Set<unknown> {
  if (typeof value === "string" && id?.test(value)) found.add(value);
  if (typeof value !== "object" || value === null) return found;
  for (const [name, inner] of Object.entries(value)) {
    if (ids.includes(name) && typeof inner === "string" && inner !== "") found.add(inner);
    idsIn(inner, { ids, id } as Form, found);
  }
  return found;
}

function renamed(id: string, copy: number): string {
  if (id.length < 16) return `${id}x${copy}`;
  return id.slice(0, -8) + copy.toString(16).padStart(5, "0") + id.slice(-3);
}

/** The same with ids of its own. */
function copyOf(value: unknown, copy: number, known: Set<unknown>, ids: string[]): unknown {
  if (typeof value === "string") return known.has(value) ? renamed(value, copy) : value;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((inner) => copyOf(inner, copy, known, ids));
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) =>
      typeof inner === "number" && ids.includes(name)
        ? [name, inner + copy * STEP]
        : [name, copyOf(inner, copy, known, ids)],
    ),
  );
}

/** Ties the beginning of a copy to the end of the one before. */
function tie(before: Json[], items: Json[], { ids = [], parent, children, isNewestFirst }: Form) {
  const [idName] = ids;
  if (idName === undefined) return;
  const own = new Set(items.map((item) => item[idName]));
  const last = before.at(isNewestFirst ? 0 : -1)!;
  const isFirst = (item: Json): boolean => parent === undefined || !own.has(item[parent]);
  const first = items.find(isFirst)!;
  if (parent !== undefined) first[parent] = last[idName];
  if (children !== undefined) last[children] = [...(last[children] as unknown[]), first[idName]];
}

/** An observation of the fixture's messages, `copies` times. */
export function grow(form: Form, copies: number): Observation {
  const { head, value, other, sessions } = load(form);
  const held = at(value, form.path);
  const items = (Array.isArray(held) ? held : Object.values(held as Json)) as Json[];
  const known = idsIn(items, form);
  for (const session of sessions) known.delete(session);
  const all: Json[][] = [];
  for (let copy = 0; copy < copies; copy += 1) {
    const next = copyOf(items, copy, known, form.ids ?? []) as Json[];
    if (copy > 0) tie(all.at(-1)!, next, form);
    all.push(next);
  }
  const flat = all.flat();
  const [idName = ""] = form.ids ?? [];
  const grown = put(
    value,
    form.path,
    Array.isArray(held) ? flat : Object.fromEntries(flat.map((item) => [item[idName], item])),
  );
  if (form.leaf) put(grown, form.leaf, all.at(-1)!.at(form.isNewestFirst ? 0 : -1)![idName]);
  const text = (form.text?.format ?? JSON.stringify)(grown);
  return form.isRequest
    ? { ...head, body: other!, request: text }
    : { ...head, body: text, ...(other === undefined ? {} : { request: other }) };
}
