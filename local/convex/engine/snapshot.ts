import type { DatabaseSync } from "node:sqlite";
import type { Json } from "../types.ts";

/**
 * Every table as it was at one moment. Reads through a connection of its own, so that writes go on meanwhile without
 * showing up in it; closes the connection at the end.
 */
export async function* readSnapshot(
  db: DatabaseSync,
): AsyncGenerator<{ table: string; documents: Json[] }> {
  try {
    db.exec("BEGIN");
    const tables = db.prepare("SELECT number, name FROM tables ORDER BY name").all();
    const read = db.prepare(
      "SELECT d.json FROM entries e JOIN documents d ON d.n = e.n WHERE e.idx = ? ORDER BY e.key",
    );
    for (const { number, name } of tables) {
      const rows = read.all(-2 * (number as number) - 1);
      yield {
        table: name as string,
        documents: rows.map((row) => JSON.parse(row.json as string) as Json),
      };
    }
  } finally {
    db.close();
  }
}
