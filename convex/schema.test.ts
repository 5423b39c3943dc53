import { expect, test } from "vitest";
import schema from "./schema";

type Exported = { searchIndexes: { filterFields: string[] }[] };

/** Indexes that have to look beyond one user; schema.ts says why. */
const wider = [
  ...["users.by_workos_id", "files.by_storage", "apiKeys.by_hash", "rateLimits.name"],
  ...["shares.by_slug", "erasedAccounts.by_hash"],
];

test("every other index of every table starts with the user", () => {
  for (const [table, definition] of Object.entries(schema.tables)) {
    for (const { indexDescriptor, fields } of definition[" indexes"]()) {
      if (!wider.includes(`${table}.${indexDescriptor}`)) expect(fields[0]).toBe("userId");
    }
    // What a push sends of a table; convex's types keep the method to themselves.
    const { searchIndexes } = (definition as unknown as { export(): Exported }).export();
    for (const { filterFields } of searchIndexes) expect(filterFields).toContain("userId");
  }
});
