import type { Value } from "convex/values";
import type { Json } from "../types.ts";
import { Refusal } from "./http.ts";

/**
 * A value in Convex's `json` format: plain JSON, in which a 64-bit integer is its decimal digits, bytes are base64 and a
 * number that JSON cannot hold is its name.
 */
export function plainJson(value: Value): Json {
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number" && !isJsonNumber(value)) return numberName(value);
  if (value instanceof ArrayBuffer) return Buffer.from(value).toString("base64");
  if (Array.isArray(value)) return value.map(plainJson);
  if (value !== null && typeof value === "object") {
    const entries = Object.entries(value).filter(([, field]) => field !== undefined);
    return Object.fromEntries(entries.map(([name, field]) => [name, plainJson(field as Value)]));
  }
  return value;
}

function isJsonNumber(value: number): boolean {
  return Number.isFinite(value) && !Object.is(value, -0);
}

function numberName(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

/** Refuses arguments of a `json` call that the encoded format would read as something else. */
export function checkPlainArguments(value: Json): void {
  if (Array.isArray(value)) return value.forEach(checkPlainArguments);
  if (value === null || typeof value !== "object") return;
  for (const [name, field] of Object.entries(value)) {
    if (name.startsWith("$")) {
      throw new Refusal(
        400,
        "BadFieldName",
        `The field "${name}" starts with "$", which Convex does not allow. Nothing was stored.`,
      );
    }
    checkPlainArguments(field);
  }
}
