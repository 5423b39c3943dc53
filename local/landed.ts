import type { ArchivedMessage } from "./archive.ts";
import type { OpencodeMessage } from "./journey.ts";

/** What of opencode's own messages is not in the archive, or is there twice; empty when all of it landed whole. */
export function missing(said: OpencodeMessage[], archived: ArchivedMessage[]): string[] {
  const problems = said.flatMap(({ info, parts }) => {
    const rows = archived.filter((row) => row.key === info.id);
    const [row] = rows;
    if (rows.length > 1) return [`${info.id} is there ${rows.length} times`];
    if (!row) return [`${info.id} (${info.role}) is not there`];
    if (row.role !== info.role) return [`${info.id} has the role ${row.role}, not ${info.role}`];
    if (row.state !== "final") return [`${info.id} is there only in part`];
    const stored = row.parts.flatMap(contentsOf);
    return parts
      .flatMap(saidContents)
      .filter((content) => !stored.includes(content))
      .map((content) => `${info.id} lacks ${content.length} characters that opencode has`);
  });
  const known = new Set(said.map(({ info }) => info.id));
  const extra = archived
    .filter(({ key }) => !known.has(key))
    .map(({ key }) => `${key} is too much`);
  return [...problems, ...extra];
}

function saidContents({ type, text, state }: OpencodeMessage["parts"][number]): string[] {
  if (type === "text" || type === "reasoning") return [text ?? ""];
  return state ? [canonical(state.input), state.output ?? ""] : [];
}

function contentsOf({ type, text, input, output }: ArchivedMessage["parts"][number]): string[] {
  if (type === "tool-call") return [canonical(JSON.parse(input ?? "null"))];
  return [text ?? output ?? ""];
}

/** Tool input as text that does not depend on the order of its keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
