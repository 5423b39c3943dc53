import { join } from "node:path";
import type { Page } from "@playwright/test";
import { plantedSecrets, tracesOf, type PlantedSecret } from "../capture/testing/secrets.ts";
import { messagesOf, openOpencode, playTurn, setUpPerson } from "../local/journey.ts";
import { startModel } from "../local/model.ts";
import { startOpencode } from "../local/opencode.ts";
import { archivedMessages } from "./support/rows.ts";
import { freePort } from "./support/web-server.ts";
import { expect, test } from "./support/world.ts";

const planted = plantedSecrets();
const whole = ({ before, secret, after }: PlantedSecret) => before + secret + after;
const lines = planted.map((one) => whole(one).trim()).join("\n\n");

/** Typed by hand, so one line each; the turn is known by its first words. */
const typed = planted
  .filter(({ name }) =>
    ["OpenAI project key", "AWS key id", "Postgres URL", "JWT", "bearer header"].includes(name),
  )
  .map(whole)
  .join(" and ");
const PROMPT = `Check these for me: ${typed} please`;
const named = planted.find(({ name }) => name === "GitHub token")!;

const turns = [
  {
    prompt: "Check these for me",
    steps: [
      {
        reasoning: `They gave me ${typed}, let me print all of them.`,
        tool: {
          name: "bash",
          input: { command: `cat <<'END_OF_LIST'\n${lines}\nEND_OF_LIST`, description: "Print" },
        },
      },
      {
        text: `Here they are:\n\n${lines}\n\nAnd as code:\n\n\`\`\`\n${lines}\n\`\`\`\n\nSunflower.`,
      },
    ],
  },
];

/** Everything in the extension's IndexedDB, as text. */
async function databaseText(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const done = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(new Error("IndexedDB could not be read."));
      });
    const all: unknown[] = [];
    for (const { name } of await indexedDB.databases()) {
      const database = await done(indexedDB.open(name!));
      for (const store of database.objectStoreNames) {
        all.push(await done(database.transaction(store).objectStore(store).getAll()));
      }
      database.close();
    }
    return JSON.stringify(all);
  });
}

function leaksIn(text: string): string[] {
  return planted
    .filter((one) => tracesOf(one).some((trace) => text.includes(trace)))
    .map(({ name }) => name);
}

test("a conversation full of secrets is kept without any of them", async ({ world }) => {
  test.setTimeout(240_000);
  const model = await startModel({ turns, title: `Rotate ${named.secret}`, chunkMs: 3 });
  const opencode = await startOpencode({
    dir: join(await world.newFolder("secrets"), "opencode"),
    port: await freePort(),
    modelUrl: model.url,
  });
  const { context, extensionId, close } = await world.openBrowser();
  try {
    const person = { email: "ada@example.com", opencodeUrl: opencode.url };
    const inside = await setUpPerson(context, extensionId, person);
    const sent = world.wire.keepSent();
    const archive = world.archiveOf("user_ada");

    // While Convex is away everything waits in the browser, where it can be looked at.
    await world.wire.goDown();
    const page = await openOpencode(context, opencode);
    const key = await playTurn(page, opencode.url, PROMPT, 120_000);
    const said = JSON.stringify(await messagesOf(opencode.url, key));
    // The agent itself has them all: without masking this would be what is kept.
    expect(leaksIn(said)).toEqual(planted.map(({ name }) => name));
    await expect.poll(() => databaseText(inside), { timeout: 30_000 }).toContain("Sunflower.");
    const stored = await databaseText(inside);
    expect(leaksIn(stored)).toEqual([]);
    expect(stored.includes("[redacted:openai-key:")).toBe(true);

    await world.wire.comeBack();
    await expect
      .poll(async () => JSON.stringify(await archivedMessages(archive, key).catch(() => [])), {
        timeout: 150_000,
      })
      .toContain("Sunflower.");
    const title = async () => (await archive.sessions()).find((one) => one.title)?.title;
    await expect.poll(title).toMatch(/^Rotate \[redacted:github-token:\w{8}\]$/);
    expect(leaksIn(sent())).toEqual([]);
    expect(sent().includes("Sunflower.")).toBe(true);
    expect(sent().includes("[redacted:private-key:")).toBe(true);
    expect(leaksIn(JSON.stringify(await archivedMessages(archive, key)))).toEqual([]);
    expect(leaksIn(await databaseText(inside))).toEqual([]);

    await inside.goto(`chrome-extension://${extensionId}/options.html`);
    const words = inside.getByText(/^\d+ secrets were masked before anything was stored\.$/);
    await expect(words).toBeVisible();
    expect(Number((await words.innerText()).split(" ")[0])).toBeGreaterThanOrEqual(
      planted.length - 5,
    );
  } finally {
    await close();
    await opencode.close();
    await model.close();
  }
});
