/** What was seen at one place of a body, over all of its items: kinds and sizes, never content. */
import { looksLikeCode } from "./shape-names";

/** Objects of one `type` at a place. */
export interface Variant {
  count: number;
  /** By name; names that are no code's, as ids are, share OTHERS. */
  fields: Map<string, Place>;
  /** Of the object that has the most of these. */
  mostOthers: number;
}

/** Stands for names that are not shown. No name that is shown begins like it. */
export const OTHERS = ":key";

/** One place. */
export interface Place {
  /** How often there was something. */
  count: number;
  hasNull: boolean;
  hasBoolean: boolean;
  hasNumber: boolean;
  /** Length of the longest string; -1 for none. */
  longest: number;
  /** What stands under a name like `type`. */
  words: Set<string>;
  /** Strings that hold JSON. */
  inner: Place | null;
  /** The items of arrays. */
  items: Place | null;
  /** Of the largest array. */
  mostItems: number;
  /** By `type`; "" for objects without. */
  variants: Map<string, Variant>;
}

/** Names whose values say what an object is. */
const TYPES: ReadonlySet<string> = new Set(["type", "event", "role", "content_type", "status"]);

const MAX_WORDS = 12;
const MAX_VARIANTS = 24;
const MAX_DEPTH = 24;

/** Nothing seen yet. */
export function emptyPlace(): Place {
  return {
    count: 0,
    hasNull: false,
    hasBoolean: false,
    hasNumber: false,
    longest: -1,
    words: new Set(),
    inner: null,
    items: null,
    mostItems: 0,
    variants: new Map(),
  };
}

/** JSON's value, if it is an object or array; undefined for any other text. */
export function parseStructure(text: string): object | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as object;
  } catch {
    return undefined;
  }
}

/** Takes note of every string that is content. */
export type OnText = (text: string) => void;

/** Adds what one body, or one event of a stream, has at the top. */
export function addValue(place: Place, value: unknown, onText: OnText): void {
  add({ place, value, name: "", depth: 0, onText });
}

interface Step {
  place: Place;
  value: unknown;
  /** Under which it stands. */
  name: string;
  depth: number;
  onText: OnText;
}

function add(step: Step): void {
  const { place, value } = step;
  place.count += 1;
  if (value === null || value === undefined) place.hasNull = true;
  else if (typeof value === "boolean") place.hasBoolean = true;
  else if (typeof value === "number") place.hasNumber = true;
  else if (typeof value === "string") addText(step, value);
  else if (step.depth >= MAX_DEPTH) return;
  else if (Array.isArray(value)) addItems(step, value);
  else addFields(step, value as Record<string, unknown>);
}

function addText({ place, name, depth, onText }: Step, text: string): void {
  if (TYPES.has(name) && looksLikeCode(text)) {
    if (place.words.size < MAX_WORDS) place.words.add(text);
    return;
  }
  const inner = depth < MAX_DEPTH ? parseStructure(text) : undefined;
  place.longest = Math.max(place.longest, text.length);
  if (inner === undefined) onText(text);
  else add({ place: (place.inner ??= emptyPlace()), value: inner, name, depth: depth + 1, onText });
}

function addItems({ place, name, depth, onText }: Step, items: unknown[]): void {
  place.items ??= emptyPlace();
  place.mostItems = Math.max(place.mostItems, items.length);
  // The name passes on: `status: ["done"]`.
  for (const value of items) add({ place: place.items, value, name, depth: depth + 1, onText });
}

function addFields({ place, depth, onText }: Step, fields: Record<string, unknown>): void {
  const { type } = fields;
  const isKnown = typeof type === "string" && looksLikeCode(type);
  const hasRoom = isKnown && (place.variants.has(type) || place.variants.size < MAX_VARIANTS);
  const of = hasRoom ? type : "";
  const variant = place.variants.get(of) ?? emptyVariant();
  place.variants.set(of, variant);
  variant.count += 1;
  let others = 0;
  for (const [key, value] of Object.entries(fields)) {
    const shown = looksLikeCode(key) ? key : OTHERS;
    if (shown === OTHERS) others += 1;
    const under = variant.fields.get(shown) ?? emptyPlace();
    variant.fields.set(shown, under);
    add({ place: under, value, name: shown, depth: depth + 1, onText });
  }
  variant.mostOthers = Math.max(variant.mostOthers, others);
}

function emptyVariant(): Variant {
  return { count: 0, fields: new Map(), mostOthers: 0 };
}

/** What two places have together. */
export function mergePlaces(a: Place, b: Place): Place {
  const variants = new Map(a.variants);
  for (const [name, variant] of b.variants) {
    const other = variants.get(name);
    variants.set(name, other ? mergeVariants(other, variant) : variant);
  }
  return {
    count: a.count + b.count,
    hasNull: a.hasNull || b.hasNull,
    hasBoolean: a.hasBoolean || b.hasBoolean,
    hasNumber: a.hasNumber || b.hasNumber,
    longest: Math.max(a.longest, b.longest),
    words: new Set([...a.words, ...b.words].slice(0, MAX_WORDS)),
    inner: a.inner && b.inner ? mergePlaces(a.inner, b.inner) : (a.inner ?? b.inner),
    items: a.items && b.items ? mergePlaces(a.items, b.items) : (a.items ?? b.items),
    mostItems: Math.max(a.mostItems, b.mostItems),
    variants,
  };
}

function mergeVariants(a: Variant, b: Variant): Variant {
  const fields = new Map(a.fields);
  for (const [key, place] of b.fields) {
    const other = fields.get(key);
    fields.set(key, other ? mergePlaces(other, place) : place);
  }
  const mostOthers = Math.max(a.mostOthers, b.mostOthers);
  return { count: a.count + b.count, fields, mostOthers };
}
