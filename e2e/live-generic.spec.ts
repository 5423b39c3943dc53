/** The generic agent on pages that are built with other people's packages, from naming the page to rows in Convex. */
import { expect, test, type Page } from "@playwright/test";
import { DEMO_TURNS } from "../local/model-script.ts";
import type { ArchivedMessage } from "../local/archive.ts";
import { openGenericWorld, type GenericWorld } from "./support/generic-world.ts";
import type { WebServer } from "./support/web-server.ts";

const PROMPTS = DEMO_TURNS.map(({ prompt }) => prompt);

let world: GenericWorld;
let silent: WebServer;

test.beforeAll(async () => {
  world = await openGenericWorld();
  // Opened now, for it is read only when it has been silent for a while.
  silent = await world.serve("generic-deep-chat.ts");
  await capture(silent);
  await world.open(silent, "/old");
});

test.afterAll(() => world.close());

/** Names the page in the options and says yes to the generic reader. */
async function capture({ url }: WebServer): Promise<void> {
  const { options } = world;
  await options.bringToFront();
  await options.getByLabel("Another address").fill(url);
  await options.getByRole("button", { name: "Add", exact: true }).click();
  await options.getByRole("button", { name: "Capture this page with the generic reader" }).click();
  await expect(options.getByText(`The page at ${url} is captured from now on.`)).toBeVisible();
}

/** The sessions of one origin with their messages, as Convex has them. */
async function archived({ url }: WebServer) {
  const sessions = (await world.archive.sessions()) as (Awaited<
    ReturnType<GenericWorld["archive"]["sessions"]>
  >[number] & { url?: string; certainty?: number })[];
  const own = sessions.filter((session) => session.url?.startsWith(`${url}/`));
  return Promise.all(
    own.map(async (session) => ({
      agent: session.agent,
      certainty: session.certainty,
      messages: await world.archive.messages(session.id),
    })),
  );
}

function shape({ role, state, parts }: ArchivedMessage): string {
  return `${role} ${state}: ${parts.map(({ type }) => type).join(" ")}`;
}

async function say(page: Page, box: string, prompt: string, answer: RegExp): Promise<void> {
  await page.bringToFront();
  await page.locator(box).click();
  await page.keyboard.type(prompt);
  await page.keyboard.press("Enter");
  await expect(page.getByText(answer)).toBeVisible();
}

test("deep-chat: a session in a shadow root, with a title that is asked for beside it", async () => {
  const server = await world.serve("generic-deep-chat.ts");
  await capture(server);
  const page = await world.open(server);
  const areKept = (count: number) =>
    page.waitForFunction((wanted) => {
      const kept = localStorage.getItem("deep-chat-storage") ?? '{"messages":[]}';
      return (JSON.parse(kept) as { messages: unknown[] }).messages.length === wanted;
    }, count);
  await say(page, "#text-input", PROMPTS[1]!, /It now adds every value/);
  // Until an answer has ended, which is when it is kept, deep-chat takes no next prompt.
  await areKept(2);
  await expect(page).toHaveTitle("Fix the bug");
  await say(page, "#text-input", PROMPTS[2]!, /ends before the last index/);
  await areKept(4);
  await say(page, "#text-input", "Thank you", /You said: Thank you/);
  await areKept(6);
  await page.reload();
  await expect(page.getByText("You said: Thank you")).toBeVisible();

  const isWhole = async () => {
    const [session, ...others] = await archived(server);
    expect(others).toEqual([]);
    expect(session).toMatchObject({ agent: "generic", certainty: 0.6 });
    expect(session!.messages.map(shape)).toEqual([
      "user final: text",
      "assistant final: text",
      "user final: text",
      "assistant final: reasoning text",
      "user final: text",
      "assistant final: text",
    ]);
    const texts = session!.messages.map(({ parts }) => parts.at(-1)!.text);
    expect(texts.filter((_, at) => at % 2 === 0)).toEqual([...PROMPTS.slice(1), "Thank you"]);
    expect(texts[1]).toBe(DEMO_TURNS[1]!.steps[0]!.text);
    return session;
  };
  await expect(isWhole).toPass({ timeout: 20_000 });
  const before = await isWhole();
  // Longer than a page may be silent, after which its elements are read, and delivered.
  await page.waitForTimeout(14_000);
  expect(await isWhole()).toEqual(before);
});

test("assistant-ui: a session with a tool that runs in the page", async () => {
  const server = await world.serve("generic-assistant-ui.ts");
  await capture(server);
  const page = await world.open(server);
  await say(page, "textarea[name=input]", PROMPTS[0]!, /There are two files/);
  await expect(page).toHaveTitle("Fix the bug");
  await say(page, "textarea[name=input]", PROMPTS[1]!, /It now adds every value/);
  await say(page, "textarea[name=input]", PROMPTS[2]!, /ends before the last index/);
  await page.reload();

  await expect(async () => {
    const [session, ...others] = await archived(server);
    expect(others).toEqual([]);
    expect(session).toMatchObject({ agent: "generic", certainty: 0.6 });
    expect(session!.messages.map(shape)).toEqual([
      "user final: text",
      "assistant final: reasoning tool-call",
      "tool final: tool-result",
      "assistant final: text",
      "user final: text",
      "assistant final: text",
      "user final: text",
      "assistant final: reasoning text",
    ]);
    const [call, result] = session!.messages.slice(1, 3).map(({ parts }) => parts.at(-1)!);
    expect(call).toMatchObject({
      toolName: "bash",
      toolCallId: (result as { toolCallId?: string }).toolCallId,
    });
    expect(result).toMatchObject({ output: "README.md\nsum.ts" });
  }).toPass({ timeout: 20_000 });
});

test("a page without such traffic: what stands in its shadow root", async () => {
  await expect(async () => {
    const [session, ...others] = await archived(silent);
    expect(others).toEqual([]);
    expect(session).toMatchObject({ agent: "generic", certainty: 0.4 });
    expect(session!.messages.map(({ parts }) => parts[0]!.text)).toEqual([
      "What did we say last year?",
      "We spoke of **summer**.",
    ]);
  }).toPass({ timeout: 30_000 });
});

test("a page whose traffic has a form of its own: what stands in its shadow root", async () => {
  const server = await world.serve("generic-deep-chat.ts");
  await capture(server);
  const page = await world.open(server, "/own");
  await say(page, "#text-input", "Who are you?", /I answer in/);
  await expect(async () => {
    const [session, ...others] = await archived(server);
    expect(others).toEqual([]);
    expect(session).toMatchObject({ agent: "generic", certainty: 0.4 });
    expect(session!.messages.map(({ parts }) => parts[0]!.text)).toEqual([
      "Who are you?",
      "I answer in **my own** form.",
    ]);
  }).toPass({ timeout: 20_000 });
});
