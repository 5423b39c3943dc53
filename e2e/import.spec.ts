import { strToU8, zipSync } from "fflate";
import { setUpPerson } from "../local/journey.ts";
import { archivedMessages } from "./support/rows.ts";
import { ownPerson } from "./support/people.ts";
import { openPage } from "./support/extension.ts";
import { expect, test } from "./support/world.ts";

/** A session in the form of DeepSeek's official export: a question, an answer with reasoning, and a second answer to the same question. */
function exported(id: string, title: string) {
  const message = (type: string, content: string) => ({
    files: [],
    model: "deepseek-chat",
    inserted_at: "2026-11-18T09:40:01+08:00",
    fragments: [{ type, content }],
  });
  return {
    ...{ id, title, inserted_at: "2026-11-18T09:40:00+08:00" },
    updated_at: "2026-11-18T09:50:00+08:00",
    mapping: {
      root: { id: "root", parent: null, children: ["1"], message: null },
      "1": { id: "1", parent: "root", children: ["2", "3"], message: message("REQUEST", "Hi") },
      "2": { id: "2", parent: "1", children: [], message: message("RESPONSE", "Hello") },
      "3": { id: "3", parent: "1", children: [], message: message("RESPONSE", "Good day") },
    },
  };
}

const secret = `ghp_${"a1B2".repeat(9)}`;
const sessions = [exported("ds-1", "Tides"), exported("ds-2", `A title with ${secret}`)];
const zip = {
  name: "deepseek_data.zip",
  mimeType: "application/zip",
  buffer: Buffer.from(
    zipSync({
      "chat.html": strToU8("<p>Hi"),
      "conversations.json": strToU8(JSON.stringify([...sessions, { of: "nobody" }])),
    }),
  ),
};

test("imports an official export once, whatever is chosen again, and says what became of each file", async ({
  world,
}) => {
  const browser = await world.openBrowser();
  const archive = world.archiveOf(ownPerson.import.id);
  await setUpPerson(browser.context, browser.extensionId, {
    email: ownPerson.import.email,
    opencodeUrl: world.opencode.url,
  });
  const page = await openPage(browser, "earlier");
  const input = page.getByLabel("Choose export files");
  await input.setInputFiles(zip);
  await expect(page.getByText("2 sessions: 6 new messages, 0 already there.")).toBeVisible();
  await expect(page.getByText("DeepSeek: 2 sessions; 1 entry not recognised")).toBeVisible();
  await page.getByText("1 file skipped").click();
  await expect(page.getByText("No agent keeps sessions in a file of this name.")).toBeVisible();

  await expect
    .poll(async () => (await archive.sessions()).map(({ key }) => key).sort())
    .toEqual(["ds-1", "ds-2"]);
  const rows = await archivedMessages(archive, "ds-1");
  expect(rows.map(({ key, role }) => [key, role])).toEqual([
    ["1", "user"],
    ["2", "assistant"],
    ["3", "assistant"],
  ]);
  const masked = (await archive.sessions()).find(({ key }) => key === "ds-2");
  expect(masked?.title).toMatch(/^A title with \[redacted:/);

  const sent = world.wire.bytesSent();
  await input.setInputFiles(zip);
  await expect(page.getByText("2 sessions: 0 new messages, 6 already there.")).toBeVisible();
  // Longer than the drain waits before it sends what is new.
  await page.waitForTimeout(2_000);
  expect(world.wire.bytesSent() - sent).toBe(0);
  await browser.close();
});
