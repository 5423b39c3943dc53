/** Reading what a client sent by a Convex validator: unknown fields are dropped, null is the same as absent, and a mismatch says where it is. */
import type { GenericValidator, Infer, VObject } from "convex/values";
import { Problem } from "./problem";

/** Largest body of a request, in bytes: what is made of it has to fit into a Convex function's arguments. */
export const MAX_BODY_BYTES = 12 * 1024 * 1024;

/** Deepest nesting of a body: whatever is stored must be readable again by every JSON reader. */
const MAX_DEPTH = 64;

type Shape = GenericValidator & { kind: string };

const expectation: Record<string, string> = {
  string: "a text",
  float64: "a finite number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
};

function expected(shape: Shape): string {
  const { kind } = shape;
  if (kind !== "union") return expectation[kind] ?? "something else";
  const { members } = shape as unknown as { members: { value?: unknown }[] };
  return `one of ${members.map(({ value }) => JSON.stringify(value)).join(", ")}`;
}

function mismatch(shape: Shape, path: string): Problem {
  return new Problem(400, `${path || "The body"} has to be ${expected(shape)}.`);
}

function readObject(shape: Shape, value: unknown, path: string): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw mismatch(shape, path);
  }
  const { fields } = shape as unknown as { fields: Record<string, Shape> };
  const entries = Object.entries(fields).map(([name, field]) => {
    const inner = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
    return [name, readShape(field, inner, path === "" ? name : `${path}.${name}`)];
  });
  return Object.fromEntries(entries.filter(([, inner]) => inner !== undefined));
}

function readShape(shape: Shape, value: unknown, path: string): unknown {
  if (value === undefined || value === null) {
    if (shape.isOptional === "optional") return undefined;
    throw new Problem(400, `${path || "The body"} is missing.`);
  }
  switch (shape.kind) {
    case "any":
      return value;
    case "object":
      return readObject(shape, value, path);
    case "array": {
      if (!Array.isArray(value)) throw mismatch(shape, path);
      const { element } = shape as unknown as { element: Shape };
      return value.map((item, index) => readShape(element, item, `${path}[${index}]`));
    }
    case "union": {
      const { members } = shape as unknown as { members: { value?: unknown }[] };
      if (members.some((member) => member.value === value)) return value;
      throw mismatch(shape, path);
    }
    case "float64":
      if (typeof value === "number" && Number.isFinite(value)) return value;
      throw mismatch(shape, path);
    default:
      if (typeof value === shape.kind) return value;
      throw mismatch(shape, path);
  }
}

/** The value as the validator describes it. Understands objects, lists, texts, numbers, booleans and unions of literals. */
export function readValue<V extends GenericValidator>(
  validator: V,
  value: unknown,
  path = "",
): Infer<V> {
  return readShape(validator as Shape, value, path) as Infer<V>;
}

/** The parameters of a URL as the validator describes them; a text that stands for a number or a boolean becomes one. */
export function readQuery<V extends VObject<unknown, Record<string, GenericValidator>>>(
  validator: V,
  parameters: URLSearchParams,
): Infer<V> {
  const given = Object.entries(validator.fields).map(([name, field]) => {
    const text = parameters.get(name);
    const { kind } = field as Shape;
    if (text === null || text === "") return [name, undefined];
    if (kind === "float64") return [name, Number(text)];
    if (kind === "boolean") return [name, text === "true" ? true : text === "false" ? false : text];
    return [name, text];
  });
  return readValue(validator, Object.fromEntries(given)) as Infer<V>;
}

/** Refuses nesting that other programs could not read again. Without recursion: the depth is the sender's to choose. */
export function checkDepth(value: unknown): void {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) {
      throw new Problem(400, `The body is nested more than ${MAX_DEPTH} levels deep.`);
    }
    level = level.flatMap((item) =>
      typeof item === "object" && item !== null ? Object.values(item) : [],
    );
  }
}

function tooLarge(): Problem {
  return new Problem(
    413,
    `A request may carry at most ${MAX_BODY_BYTES} bytes. Send fewer messages at a time.`,
  );
}

/** The JSON of a request's body, and its size. */
export async function readBody(request: Request): Promise<{ json: unknown; bytes: number }> {
  if (Number(request.headers.get("Content-Length") ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  const body = await request.arrayBuffer();
  if (body.byteLength > MAX_BODY_BYTES) throw tooLarge();
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(body);
    const json: unknown = JSON.parse(text);
    return { json, bytes: body.byteLength };
  } catch {
    throw new Problem(400, "The body is not JSON.");
  }
}
