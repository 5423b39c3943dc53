/**
 * The shape of a body without its content, for a report that a person can send to the developers: names of the site's own code, kinds,
 * lengths in powers of two. Never a value, an id or a word of the person's.
 */
import type { Agent, Observation } from "../agents/agent";
import { linesOf, roughly } from "./shape-lines";
import { isPureFormatName, looksLikeCode } from "./shape-names";
import { searchIn } from "./shape-search";
import { addValue, emptyPlace, OTHERS, parseStructure, type Place } from "./shape-place";

const MAX_LINES = 200;

/** Events of a stream by name. */
type Groups = Map<string, Place>;

interface Content {
  groups: Groups;
  texts: string[];
}

function addTo({ groups, texts }: Content, name: string, value: unknown): void {
  const place = groups.get(name) ?? emptyPlace();
  groups.set(name, place);
  addValue(place, value, (text) => texts.push(text));
}

/** An event's data: JSON or text. */
function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function addServerEvents(content: Content, body: string): void {
  for (const block of body.split(/\r?\n\r?\n/)) {
    const lines = block.split(/\r?\n/);
    const field = (name: string) =>
      lines
        .filter((line) => line.startsWith(`${name}:`))
        .map((line) => line.slice(name.length + 1).trim());
    const [event = "message"] = field("event");
    const data = field("data");
    if (data.length === 0) continue;
    addTo(content, looksLikeCode(event) ? event : ":event", valueOf(data.join("\n")));
  }
}

/** What stands before the JSON of a line: `0:` of an AI SDK, `42` of a socket. */
const PREFIX = /^(?:([a-z\d]{1,2}):|\d{1,3}(?=[[{]))/;

/** Adds lines of JSON; false when most lines hold none. */
function addLines(content: Content, body: string): boolean {
  const lines = body.split(/\r?\n/).filter((line) => line.trim() !== "");
  let others = 0;
  for (const line of lines) {
    const [prefix = "", name] = PREFIX.exec(line) ?? [];
    const value = valueOf(line.slice(prefix.length));
    const isJson = typeof value === "object" || name !== undefined;
    if (isJson) addTo(content, name ?? "line", value);
    // Lengths of frames, and `)]}'`.
    else if (typeof value !== "number" && line !== ")]}'") others += 1;
  }
  return others * 2 <= lines.length && content.groups.size > 0;
}

function namesIn(place: Place, names: Set<string>): void {
  for (const { fields } of place.variants.values()) {
    for (const [name, under] of fields) {
      if (name !== OTHERS && !isPureFormatName(name)) names.add(name);
      namesIn(under, names);
    }
  }
  for (const under of [place.items, place.inner]) if (under) namesIn(under, names);
}

function readContent(body: string): { form: string; content: Content } {
  const content: Content = { groups: new Map(), texts: [] };
  const whole = parseStructure(body.replace(/^\)\]\}'\s*/, ""));
  if (whole) {
    addTo(content, "body", whole);
    return { form: "JSON", content };
  }
  if (/^(data|event):/m.test(body)) {
    addServerEvents(content, body);
    return { form: "server-sent events", content };
  }
  if (addLines(content, body)) return { form: "lines of JSON", content };
  const none = { groups: new Map(), texts: [] };
  if (body.includes("\ufffd")) return { form: "binary", content: none };
  if (/^\s*</.test(body)) return { form: "markup", content: none };
  return { form: /^\s*[[{]/.test(body) ? "JSON, broken or cut" : "text", content: none };
}

/** The shape of a body, as lines of text. */
export function bodyShape(body: string): string[] {
  const { form, content } = readContent(body);
  const names = new Set<string>();
  for (const place of content.groups.values()) namesIn(place, names);
  const isInContent = searchIn(content.texts, names);
  const lines = [...content.groups].flatMap(([name, place]) => linesOf(name, place, isInContent));
  const shown = lines.length > MAX_LINES ? [...lines.slice(0, MAX_LINES), "..."] : lines;
  return [`${form}, ${roughly(body.length)} characters`, ...shown];
}

/** An address with only what the tap's own rule spells out: its words, and names of formats in the query. */
function addressShape(agent: Agent, path: string, address: string): string {
  const url = URL.parse(address);
  if (!url) return ":address";
  const isOwn = agent.origins.includes(`${url.origin}/*`);
  const steps = url.pathname
    .split("/")
    .map((step) => (step === "" || (looksLikeCode(step) && path.includes(step)) ? step : ":id"));
  const names = [...new Set(url.searchParams.keys())].map((name) =>
    looksLikeCode(name) && (isPureFormatName(name) || path.includes(name)) ? name : ":name",
  );
  const query = names.length > 0 ? `?${names.join("&")}` : "";
  return `${isOwn ? url.origin : ":origin"}${steps.join("/")}${query}`;
}

/** Everything of an observation that a report may hold. */
export function observationShape(agent: Agent, tapId: string, observation: Observation): string {
  const { url, method, status, body, request, isTruncated } = observation;
  const tap = agent.taps.find(({ id }) => id === tapId);
  const head = `${method} ${addressShape(agent, tap?.path ?? "", url)}`;
  return [
    `${head}, status ${status}${isTruncated ? ", cut" : ""}`,
    ...(request ? ["sent:", ...bodyShape(request).map((line) => `  ${line}`)] : []),
    "received:",
    ...bodyShape(body).map((line) => `  ${line}`),
  ].join("\n");
}
