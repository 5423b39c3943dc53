/** What a person does in the browser, step by step, for the demo and for tests. */
import { setTimeout as wait } from "node:timers/promises";
import type { BrowserContext, Locator, Page, Request } from "@playwright/test";
import { preapprove, signInAs } from "./chromium.ts";
import { MODEL_NAME, type Opencode } from "./opencode.ts";

/** A message as opencode's own API gives it, as far as it is used here. */
export interface OpencodeMessage {
  info: { id: string; role: string; finish?: string; time: { completed?: number } };
  parts: {
    type: string;
    text?: string;
    state?: { status: string; input: unknown; output?: string };
  }[];
}

/** Opens the welcome page, agrees, signs in and switches opencode on where it runs. */
export async function setUpPerson(
  context: BrowserContext,
  extensionId: string,
  person: { email: string; opencodeUrl: string },
): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`chrome-extension://${extensionId}/welcome.html`);
  await page.getByRole("button", { name: "Agree" }).click();
  const signIn = page.getByRole("button", { name: "Sign in" });
  await signInAs(context, person.email, () => signIn.click());
  await page.getByText(person.email).waitFor();
  const { origin, port } = new URL(person.opencodeUrl);
  for (const host of ["http://localhost:4096", "http://127.0.0.1:4096", origin]) {
    await preapprove(context, extensionId, `${host}/*`);
  }
  await page.bringToFront();
  const opencode = page.getByRole("switch", { name: "opencode" });
  if (port === "4096") {
    await opencode.click();
  } else {
    await page.getByLabel("Another address").fill(origin);
    await page.getByRole("button", { name: "Add" }).click();
  }
  await page.locator('[role="switch"][aria-checked="true"]').waitFor();
  return page;
}

/** Opens opencode's page with a new session in its project. */
export async function openOpencode(context: BrowserContext, opencode: Opencode): Promise<Page> {
  const page = await context.newPage();
  const project = Buffer.from(opencode.projectDir).toString("base64url");
  await page.goto(`${opencode.url}/${project}/session`);
  await page.locator('[data-component="prompt-input"]').waitFor();
  return page;
}

/** Types a prompt into opencode's page and waits until its turn has ended, by opencode's own word; answers the session's id. */
export async function playTurn(
  page: Page,
  opencodeUrl: string,
  prompt: string,
  timeoutMs = 60_000,
): Promise<string> {
  const before = sessionIdOf(page.url());
  const said = before ? await messagesOf(opencodeUrl, before) : [];
  const box = page.locator('[data-component="prompt-input"]');
  await box.click();
  await box.pressSequentially(prompt);
  await send(page, box);
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline) {
    const id = sessionIdOf(page.url());
    if (id && isOver(await messagesOf(opencodeUrl, id), said.length)) return id;
    await wait(200);
  }
  throw new Error(`opencode did not finish the turn "${prompt}" within ${timeoutMs / 1000} s.`);
}

/**
 * Enter, once: while the page is still busy with it the box stays full, and a second one would begin a second session. Only when
 * nothing at all went out (the page takes no prompt before it knows its project) it is pressed again.
 */
async function send(page: Page, box: Locator): Promise<void> {
  await page.getByText(MODEL_NAME).first().waitFor();
  for (let attempt = 0; attempt < 4; attempt += 1) {
    const isPost = (request: Request) =>
      request.method() === "POST" && /\/session(\/|\?|$)/.test(request.url());
    const sent = page.waitForRequest(isPost, { timeout: 8_000 }).catch(() => null);
    await box.press("Enter");
    if (await sent) return;
  }
  throw new Error("opencode's page did not take the prompt within 32 s.");
}

/** The session that opencode's page shows, or null before the first message. */
export function sessionIdOf(url: string): string | null {
  return /\/session\/(ses_[^/?#]+)/.exec(url)?.[1] ?? null;
}

/** A session's messages as opencode has them. */
export async function messagesOf(opencodeUrl: string, id: string): Promise<OpencodeMessage[]> {
  const response = await fetch(`${opencodeUrl}/session/${id}/message`);
  if (!response.ok) return [];
  return (await response.json()) as OpencodeMessage[];
}

function isOver(messages: OpencodeMessage[], before: number): boolean {
  const last = messages.at(-1)?.info;
  const hasEnded = last?.role === "assistant" && last.time.completed !== undefined;
  return messages.length > before && hasEnded && last.finish !== "tool-calls";
}
