import { openOpencode, playTurn, setUpPerson } from "../local/journey.ts";
import { DEMO_TURNS } from "../local/model-script.ts";
import { archivedMessages, expectArchived } from "./support/rows.ts";
import { expect, test } from "./support/world.ts";

test("from an empty profile to rows in Convex that equal the agent's own", async ({ world }) => {
  const { context, extensionId, close } = await world.openBrowser();
  const archive = world.archiveOf("user_ada");
  const { url } = world.opencode;

  await setUpPerson(context, extensionId, { email: "ada@example.com", opencodeUrl: url });
  const page = await openOpencode(context, world.opencode);
  let key = "";
  for (const { prompt } of DEMO_TURNS) key = await playTurn(page, url, prompt);
  await expectArchived(archive, url, key);

  const rows = await archivedMessages(archive, key);
  const kinds = new Set(rows.flatMap((row) => row.parts.map((part) => part.type)));
  expect([...kinds].sort()).toEqual(["reasoning", "text", "tool-call", "tool-result"]);
  expect(JSON.stringify(rows)).toContain("```ts");
  expect(await world.archiveOf("user_grace").sessions()).toEqual([]);

  const sessions = await archive.sessions();
  const sent = world.wire.bytesSent();
  for (let reload = 0; reload < 10; reload += 1) {
    await page.reload();
    await page.getByText(DEMO_TURNS[0]!.prompt).first().waitFor();
    await page.waitForLoadState("load");
  }
  // Longer than the drain waits before it sends what is new.
  await page.waitForTimeout(2_000);
  expect(world.wire.bytesSent() - sent).toBe(0);
  expect(await archive.sessions()).toEqual(sessions);
  expect(await archivedMessages(archive, key)).toEqual(rows);
  await close();
});
