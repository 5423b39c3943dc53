/** More than thirty turns in opencode's real page, of every kind it has; the archive must equal opencode's own API after each kind. */
import type { Page } from "@playwright/test";
import type { Archive, ArchivedMessage } from "../local/archive.ts";
import type { LaunchedExtension } from "../local/chromium.ts";
import { openOpencode, playTurn, sessionIdOf, setUpPerson } from "../local/journey.ts";
import { DEMO_TURNS } from "../local/model-script.ts";
import { DOT, LIVE_TURNS, SLOW_TEXT } from "./support/live-turns.ts";
import {
  archivedMessages,
  expectWholeSession,
  opencodeChildren,
  opencodeMessages,
} from "./support/rows.ts";
import { ownPerson } from "./support/people.ts";
import { expect, test } from "./support/world.ts";

test.describe.configure({ mode: "serial" });

let browser: LaunchedExtension;
let page: Page;
let archive: Archive;
let url: string;
let key: string;
/** Messages that opencode has deleted, as the archive held them. */
const kept = new Map<string, ArchivedMessage>();

test.beforeAll(async ({ world }) => {
  test.setTimeout(180_000);
  world.model.setTurns(LIVE_TURNS);
  world.model.setChunkMs(3);
  url = world.opencode.url;
  archive = world.archiveOf(ownPerson.live.id);
  browser = await world.openBrowser();
  const { context, extensionId } = browser;
  await setUpPerson(context, extensionId, { email: ownPerson.live.email, opencodeUrl: url });
  page = await openOpencode(context, world.opencode);
  key = await playTurn(page, url, "Say hello");
});

test.afterAll(async ({ world }) => {
  await browser.close();
  world.model.setTurns(DEMO_TURNS);
  world.model.setChunkMs(25);
});

const shownKey = () => sessionIdOf(page.url())!;
const box = () => page.locator('[data-component="prompt-input"]');
const button = (name: string) => page.getByRole("button", { name, exact: true });

/** Types into the box, behind what it holds, and presses Enter. */
async function submit(text: string): Promise<void> {
  const posted = page.waitForRequest((request) => request.method() === "POST");
  await box().click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type(text);
  await page.keyboard.press("Enter");
  await posted;
}

/** Types what opens a list of suggestions, and takes one. */
async function choose(text: string, suggestion: string): Promise<void> {
  await box().click();
  await page.keyboard.type(text);
  await page.locator("[data-suggestion-id]").filter({ hasText: suggestion }).first().click();
}

/** What opencode says of the sessions that it works on; one that rests is not among them. */
async function statuses(): Promise<Record<string, { type: string }>> {
  const response = await fetch(`${url}/session/status`);
  return (await response.json()) as Record<string, { type: string }>;
}

/** Does something that makes opencode work, and waits until it has ended, by opencode's own word. */
async function during(act: () => Promise<void>): Promise<void> {
  const session = shownKey();
  const before = (await lastAnswer()).info.id;
  await act();
  await expect(async () => {
    const { id, role, time } = (await lastAnswer()).info;
    expect(id).not.toBe(before);
    expect([role, typeof time.completed]).toEqual(["assistant", "number"]);
    expect(Object.keys(await statuses())).not.toContain(session);
  }).toPass({ timeout: 60_000, intervals: [50] });
}

async function play(...prompts: string[]): Promise<void> {
  for (const prompt of prompts) await during(() => submit(prompt));
}

async function expectEqual(): Promise<void> {
  await expectWholeSession(archive, url, key, { kept });
}

async function lastAnswer() {
  return (await opencodeMessages(url, shownKey())).at(-1)!;
}

/** What opencode says of the tools that the last turn called: name and how it ended. */
async function lastTools(): Promise<string[]> {
  const messages = await opencodeMessages(url, shownKey());
  const asked = messages.findLastIndex(({ info }) => info.role === "user");
  return messages
    .slice(asked)
    .flatMap(({ parts }) => parts)
    .filter(({ type }) => type === "tool")
    .map(({ tool, state }) => `${String(tool)} ${(state as { status: string }).status}`);
}

test("text, code and reasoning", async () => {
  await play("Show me code", "Think first");
  await expectEqual();
  const stored = JSON.stringify(await archivedMessages(archive, key));
  expect(stored).toContain("für 日本 and 😀");
  expect(stored).toContain('"type":"reasoning"');
});

test("tools that work and tools that fail", async () => {
  await play("List the files", "Write the notes");
  await play("Fix the loop");
  expect(await lastTools()).toEqual(["read completed", "edit completed"]);
  await play("Read what is missing");
  expect(await lastTools()).toEqual(["read error"]);
  await play("Let a command fail", "Plan the work", "Look at the picture");
  await expectEqual();
});

test("sub-agents: called by the model, named in a prompt, started by a command", async () => {
  await play("Ask a helper");
  await during(async () => {
    await choose("@gen", "@general");
    await submit("counts again");
  });
  await during(async () => {
    await choose("/review", "/review");
    await submit("");
  });
  const children = await opencodeChildren(url, key);
  expect(children).toHaveLength(3);
  await expectEqual();
  const calls = (await archivedMessages(archive, key)).flatMap(({ parts }) => parts);
  const started = calls.flatMap((part) => ("childKey" in part ? [part.childKey] : []));
  expect(started.sort()).toEqual(children.sort());
});

test("permissions and questions, granted and refused", async () => {
  await during(async () => {
    await submit("Remove the first");
    await button("Allow once").click();
  });
  expect(await lastTools()).toEqual(["bash completed"]);
  await during(async () => {
    await submit("Remove the second");
    await button("Deny").click();
  });
  expect(await lastTools()).toEqual(["bash error"]);
  await during(async () => {
    await submit("Ask me something");
    await page.getByText("A cold one").click();
    await button("Submit").click();
  });
  expect(JSON.stringify(await opencodeMessages(url, key))).toContain('"answers":[["Blue"]]');
  await during(async () => {
    await submit("Ask me in vain");
    await button("Dismiss").click();
  });
  expect(await lastTools()).toEqual(["question error"]);
  await expectEqual();
});

test("turns that are stopped, refused and tried again", async () => {
  await during(async () => {
    await submit("Count slowly");
    await page.getByText(SLOW_TEXT.slice(0, 20)).last().waitFor();
    await button("Stop").click();
  });
  expect((await lastAnswer()).info.error).toMatchObject({ name: "MessageAbortedError" });
  await during(async () => {
    await submit("Sleep for long");
    await page.getByText("sleep 60").last().waitFor();
    await button("Stop").click();
  });
  await play("Be refused");
  expect((await lastAnswer()).info.error).toMatchObject({ name: "APIError" });
  await play("Fail twice");
  expect((await lastAnswer()).info.error).toBeUndefined();
  await play("Fail for ever");
  expect((await lastAnswer()).info.error).toMatchObject({ data: { statusCode: 500 } });
  await during(async () => {
    await submit("Be overloaded");
    await expect.poll(async () => (await statuses())[key]?.type).toBe("retry");
    await button("Stop").click();
  });
  await expectEqual();
});

test("attached files, a file of the project, a shell command", async () => {
  await during(async () => {
    const files = [
      { name: "data.csv", mimeType: "text/csv", buffer: Buffer.from("one,two\n1,2\n") },
      { name: "dot.png", mimeType: "image/png", buffer: Buffer.from(DOT, "base64") },
    ];
    await page.locator('input[type="file"]').last().setInputFiles(files);
    await page.getByText("data.csv").waitFor();
    await submit("What is attached?");
  });
  await during(async () => {
    await choose("@READ", "README.md");
    await submit("says what?");
  });
  await during(() => submit("!ls -1"));
  await expectEqual();
  const parts = (await archivedMessages(archive, key)).flatMap((message) => message.parts);
  const names = parts.flatMap((part) =>
    part.type === "file" ? ["name" in part && part.name] : [],
  );
  // The first is what a tool read.
  expect(names).toEqual([false, "data.csv", "dot.png", "README.md"]);
});

test("two prompts in quick succession", async () => {
  await during(async () => {
    await submit("Take your time");
    await submit("And one more thing");
  });
  await expectEqual();
});

test("a turn that is taken back and asked in another way", async () => {
  await play("Take this back");
  await expectEqual();
  const taken = (await archivedMessages(archive, key)).slice(-2);
  await choose("/undo", "/undo");
  await page.getByText("rolled back").waitFor();
  // The page puts the prompt back into its box.
  await expect(box()).toContainText("Take this back");
  await box().press("Control+A");
  await page.keyboard.press("Backspace");
  await play("Ask this instead");
  for (const message of taken) kept.set(message.key, message);
  const left = (await opencodeMessages(url, key)).map(({ info }) => info.id);
  expect(left.filter((id) => kept.has(id))).toEqual([]);
  await expectEqual();
});

test("a session that is summed up, by the person and when its context is full", async () => {
  await during(() => choose("/compact", "/compact"));
  await play("Fill the context");
  const kinds = (await opencodeMessages(url, key)).flatMap(({ parts }) =>
    parts.flatMap((part) => (part.type === "compaction" ? [part.auto] : [])),
  );
  expect(kinds).toEqual([false, true]);
  await expectEqual();
});

test("a new name", async () => {
  await button("More options").click();
  await page.getByText("Rename").click();
  const title = page.locator('input[data-slot="session-title-child"]');
  await title.fill("A sum that adds up");
  await title.press("Enter");
  await expect
    .poll(async () => (await archive.sessions()).find((session) => session.key === key)?.title, {
      // Changes between turns are asked for at most every 30 s.
      timeout: 40_000,
    })
    .toBe("A sum that adds up");
  await expectEqual();
});

test("a fork of the session", async () => {
  await choose("/fork", "/fork");
  await page.getByRole("dialog").getByRole("button").filter({ hasText: "Think first" }).click();
  await page.waitForURL((address) => !address.pathname.endsWith(key));
  const fork = shownKey();
  await page.getByText("Two ways").first().waitFor();
  // The page puts the prompt at which the fork begins into its box.
  await expect(box()).toContainText("Think first");
  await during(() => submit(" of all"));
  expect(await opencodeMessages(url, fork)).toHaveLength(6);
  await expectWholeSession(archive, url, fork);
  await expectEqual();
});

test("after a reload everything is still equal, and nothing is sent again", async ({ world }) => {
  const rows = await archivedMessages(archive, key);
  const prompts = (await opencodeMessages(url, key)).filter(({ info }) => info.role === "user");
  expect(prompts.length).toBeGreaterThanOrEqual(30);
  await page.goBack();
  await page.reload();
  await page.getByText("Nothing is left to do.").first().waitFor();
  await expectEqual();
  const sent = world.wire.bytesSent();
  await page.reload();
  await page.getByText("Nothing is left to do.").first().waitFor();
  // Longer than the drain waits before it sends what is new.
  await page.waitForTimeout(2_000);
  expect(world.wire.bytesSent() - sent).toBe(0);
  expect(await archivedMessages(archive, key)).toEqual(rows);
});
