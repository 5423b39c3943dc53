// @vitest-environment node
import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, expect, it } from "vitest";
import { openDatabase, type SyncDatabase } from "./database";
import { addImported } from "./import";
import { addCaptured, type Batch, peekBatch } from "./outbox";
import { settleBatch } from "./settle";
import { captured, message } from "./testing/readings";

const ADA = "user_ada";
const DEPLOYMENT = "https://a.convex.cloud";
let database: SyncDatabase;

beforeEach(async () => {
  globalThis.indexedDB = new IDBFactory();
  database = await openDatabase();
});

const add = (...messages: ReturnType<typeof message>[]) =>
  addImported(database, ADA, DEPLOYMENT, captured("ses_1", messages, { title: "Of the export" }));

async function send(): Promise<Batch | null> {
  const batch = await peekBatch(database, ADA);
  const results = batch?.rows.map(({ key }) => ({ key, outcome: "stored" as const })) ?? [];
  if (batch) await settleBatch(database, DEPLOYMENT, batch, results);
  return batch;
}

const textsOf = (batch: Batch | null) =>
  batch?.rows.map(({ message: { parts } }) => parts[0]?.type === "text" && parts[0].text);

it("adds what is new, and again nothing", async () => {
  expect(await add(message("a"), message("b"))).toEqual({ added: 2, known: 0 });
  expect(await add(message("a"), message("b"))).toEqual({ added: 0, known: 2 });
  expect((await send())?.rows).toHaveLength(2);
  expect(await add(message("a"), message("b"), message("c"))).toEqual({ added: 1, known: 2 });
  expect(textsOf(await send())).toEqual(["hello"]);
  expect(await send()).toBeNull();
});

it("never takes the place of what was captured, waiting or sent", async () => {
  const page = captured("ses_1", [message("a", "whole")], {
    title: "Of the page",
    url: "https://a",
  });
  await addCaptured(database, ADA, DEPLOYMENT, page);
  expect(await add(message("a", "poorer"))).toEqual({ added: 0, known: 1 });
  const batch = await send();
  expect(textsOf(batch)).toEqual(["whole"]);
  expect(batch?.header).toMatchObject({ title: "Of the page", url: "https://a" });
  await add(message("a", "poorer"));
  expect(await send()).toBeNull();
});

it("is another person's own", async () => {
  await addCaptured(database, "user_grace", DEPLOYMENT, captured("ses_1", [message("a")]));
  expect(await add(message("a"))).toEqual({ added: 1, known: 0 });
});

it("gives way to what is captured later", async () => {
  await add(message("a", "poorer"));
  await send();
  await addCaptured(database, ADA, DEPLOYMENT, captured("ses_1", [message("a", "whole")]));
  expect(textsOf(await send())).toEqual(["whole"]);
});
