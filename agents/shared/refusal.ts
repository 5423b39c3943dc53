/** Answers that only say that the site refuses: not signed in, no such session, too many requests. Some come with status 200. */
import { asRecord, parseJson } from "./json";

/** What says why. */
const REASON = /^(?:error|errors|detail|message|msg|error_code|error_message)$/;
/** What may stand beside it; a session has other fields. */
const BESIDE = /^(?:code|data|details|name|request_?id|status|status_?code|success|type)$/i;

/** A message of a session is an object; that of a refusal is a text. */
function isReason(name: string, value: unknown): boolean {
  if (typeof value === "string") return value !== "";
  return /^(?:error|detail)/.test(name) && typeof value === "object" && value !== null;
}

function isRefusing(value: unknown): boolean {
  const fields = Object.entries(asRecord(value) ?? {});
  // An error may have data of its own: {"name":"NotFoundError","data":{"message":"…"}}.
  const inner = fields.flatMap(([name, data]) =>
    name === "data" ? Object.entries(asRecord(data) ?? {}) : [],
  );
  const all = [...fields, ...inner];
  return (
    all.some(([name, reason]) => REASON.test(name) && isReason(name, reason)) &&
    all.every(([name]) => REASON.test(name) || BESIDE.test(name))
  );
}

/** Whether a body, JSON or events, holds nothing but refusals. */
export function isRefusal(body: string): boolean {
  const whole = parseJson(body);
  if (whole !== undefined) return isRefusing(whole);
  const lines = body.slice(0, 10_000).split(/[\r\n]+/);
  const data = lines.filter((line) => line !== "" && !/^(?:event|id|retry)?:|\[DONE\]$/.test(line));
  return data.length > 0 && data.every((line) => isRefusing(parseJson(line.replace(/^data:/, ""))));
}
