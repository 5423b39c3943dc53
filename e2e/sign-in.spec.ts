import { expect, test } from "@playwright/test";
import { redirectUris } from "../local/extension-id.ts";
import { CLIENT_ID, SignInWorld, type Reply, type SignInAnswer } from "./support/sign-in-world.ts";

let world: SignInWorld;

test.beforeAll(async () => {
  world = await SignInWorld.start();
});

test.afterAll(async () => {
  await world.stop();
});

test.afterEach(async () => {
  world.authkit.control.clearFailures();
  world.authkit.control.setTokenSeconds(300);
  await world.ask("signOut");
});

/** The code of the trouble that a sign-in ended with. */
function troubleOf(reply: Reply<SignInAnswer>): string {
  if ("error" in reply) return reply.error;
  return reply.value.ok ? "none" : reply.value.trouble.code;
}

async function expectSignedIn(id = "user_ada"): Promise<void> {
  expect(await world.stored("profile")).toMatchObject({ id });
  const token = await world.getToken(true);
  expect(claimsOf(token).sub).toBe(id);
}

function claimsOf(reply: Reply<string | null>): { sub?: string; sid?: string } {
  if ("error" in reply || reply.value === null) return {};
  return JSON.parse(Buffer.from(reply.value.split(".")[1]!, "base64url").toString());
}

test.describe("signing in", () => {
  test("goes through the login page and keeps who it is", async () => {
    const reply = await world.signIn();
    expect(reply).toMatchObject({ value: { ok: true, value: { email: "ada@example.com" } } });
    expect(await world.stored("profile")).toMatchObject({ id: "user_ada", name: "Ada Lovelace" });
    expect(await world.stored("signInAttempt", "session")).toBeNull();
    await expectSignedIn();
  });

  test("begun in the popup goes on when the window closes the popup", async () => {
    const popup = await world.openPage();
    await popup.getByRole("button", { name: "Sign in" }).click();
    const login = await world.waitForLogin();
    await popup.close();
    await login.getByRole("button", { name: "ada@example.com" }).click();
    await expect.poll(() => world.stored("profile")).toMatchObject({ id: "user_ada" });
    await expectSignedIn();
  });

  test("begun in the popup can be tried again there after the worker was killed", async () => {
    const popup = await world.openPage();
    await popup.getByRole("button", { name: "Sign in" }).click();
    const login = await world.waitForLogin();
    await world.killWorker();
    await expect(popup.getByText("interrupted")).toBeVisible();
    await login.close();
    await popup.getByRole("button", { name: "Sign in" }).click();
    await (await world.waitForLogin()).getByRole("button", { name: "ada@example.com" }).click();
    await expect(popup.getByText("ada@example.com").first()).toBeVisible();
    await popup.close();
  });

  test("answers at once when somebody is signed in already", async () => {
    await world.signIn();
    expect(troubleOf(await world.ask("signIn"))).toBe("none");
  });

  test("allows one attempt at a time", async () => {
    const { login, answer } = await world.openLogin();
    expect(troubleOf(await world.ask("signIn"))).toBe("sign-in-busy");
    await login.getByRole("button", { name: "grace@example.com" }).click();
    await answer;
    await expectSignedIn("user_grace");
  });

  test("finishes although the offscreen page was closed in between", async () => {
    const { login, answer } = await world.openLogin();
    await closeOffscreenPage();
    await login.getByRole("button", { name: "ada@example.com" }).click();
    expect(troubleOf(await answer)).toBe("none");
    await expectSignedIn();
  });

  test("can be tried again after the worker was killed during it", async () => {
    const { login, answer } = await world.openLogin();
    await world.killWorker();
    expect(await answer).toHaveProperty("error");
    await expect.poll(async () => "value" in (await world.getToken())).toBe(true);
    expect(await world.stored("authTrouble")).toMatchObject({ code: "sign-in-cancelled" });
    await login.close();
    expect(troubleOf(await world.signIn())).toBe("none");
    expect(await world.stored("authTrouble")).toBeNull();
  });
});

test.describe("a sign-in that does not succeed is told apart, and can be tried again:", () => {
  test.afterEach(async () => {
    expect(await world.stored("profile")).toBeNull();
    expect(troubleOf(await world.signIn())).toBe("none");
  });

  test("the window is closed", async () => {
    const { login, answer } = await world.openLogin();
    await login.close();
    expect(troubleOf(await answer)).toBe("sign-in-cancelled");
  });

  test("the person cancels on the page", async () => {
    const { login, answer } = await world.openLogin();
    await login.getByRole("link", { name: /cancel/i }).click();
    expect(troubleOf(await answer)).toBe("sign-in-cancelled");
  });

  for (const [what, change] of [
    ["wrong", (state: string) => `code=stolen&state=${state.replace(/.{5}$/, "xxxxx")}`],
    ["missing", () => "code=stolen"],
    ["doubled", (state: string) => `code=stolen&state=${state}&state=${state}`],
  ] as const) {
    test(`the state that comes back is ${what}`, async () => {
      const { login, answer } = await world.openLogin();
      const asked = new URL(login.url()).searchParams;
      const query = change(encodeURIComponent(asked.get("state")!));
      await login.goto(`${asked.get("redirect_uri")!}?${query}`).catch(() => undefined);
      const reply = await answer;
      expect(troubleOf(reply)).toBe("sign-in-refused");
      expect(JSON.stringify(reply)).toContain("does not belong to this sign-in");
      expect(world.authkit.control.signIns()).toEqual([]);
    });
  }

  test("WorkOS does not know the client id", async () => {
    const settings = await world.stored<object>("settings");
    await world.store("settings", { convexUrl: "http://127.0.0.1:9", clientId: "client_wrong" });
    const reply = await world.ask<SignInAnswer>("signIn");
    expect(troubleOf(reply)).toBe("sign-in-refused");
    expect(JSON.stringify(reply)).toContain("client_wrong");
    await world.store("settings", settings);
  });

  test("WorkOS does not know the redirect URI, which is shown to copy", async () => {
    await world.authkit.close();
    await world.startAuthkit([]);
    const reply = await world.ask<SignInAnswer>("signIn");
    expect(troubleOf(reply)).toBe("sign-in-refused");
    expect(JSON.stringify(reply)).toContain(redirectUris().chrome);
    await world.authkit.close();
    await world.startAuthkit();
  });

  test("WorkOS cannot be reached", async () => {
    await world.authkit.close();
    expect(troubleOf(await world.ask("signIn"))).toBe("sign-in-unreachable");
    await world.startAuthkit();
  });

  test("WorkOS fails at the exchange", async () => {
    const { login, answer } = await world.openLogin();
    world.authkit.control.fail({ on: "authenticate", status: 503 });
    await login.getByRole("button", { name: "ada@example.com" }).click();
    expect(troubleOf(await answer)).toBe("sign-in-unreachable");
  });
});

test.describe("signed in survives", () => {
  test.beforeEach(async () => {
    await world.signIn();
  });

  test("the worker killed, without asking WorkOS again", async () => {
    const before = world.authkit.control.counts().authenticate;
    await world.killWorker();
    expect(claimsOf(await world.getToken()).sub).toBe("user_ada");
    expect(world.authkit.control.counts().authenticate).toBe(before);
    await expectSignedIn();
  });

  test("the worker killed while WorkOS answers a refresh", async () => {
    const { authenticate } = world.authkit.control.counts();
    world.authkit.control.fail({ on: "authenticate", delayMs: 3000 });
    const cut = world.getToken(true);
    await expect
      .poll(() => world.authkit.control.counts().authenticate)
      .toBeGreaterThan(authenticate);
    await world.killWorker();
    expect(await cut).toHaveProperty("error");
    await expectSignedIn();
  });

  test("the offscreen page closed", async () => {
    await closeOffscreenPage();
    await expectSignedIn();
  });

  test("the browser killed right after a refresh", async () => {
    for (let round = 0; round < 3; round += 1) {
      await expectSignedIn();
      await world.killBrowser();
      await world.startBrowser();
    }
    await expectSignedIn();
  });

  test("the browser started again, and without a network", async () => {
    await world.browser.close();
    await world.authkit.close();
    await world.startBrowser();
    expect(await world.stored("profile")).toMatchObject({ id: "user_ada" });
    expect(await world.getToken()).toEqual({ error: "SignInUnavailableError" });
    expect(await world.stored("profile")).toMatchObject({ id: "user_ada" });
    await world.startAuthkit();
    await expectSignedIn();
  });

  test("503 for a while, with a token that has run out", async () => {
    world.authkit.control.setTokenSeconds(1);
    await world.getToken(true);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    world.authkit.control.fail({ on: "authenticate", status: 503, times: 3 });
    for (let attempt = 0; attempt < 3; attempt += 1) {
      expect(await world.getToken()).toEqual({ error: "SignInUnavailableError" });
    }
    await expectSignedIn();
  });

  test("an answer of 4xx that is not WorkOS's last word", async () => {
    world.authkit.control.fail({ on: "authenticate", status: 403, times: 2 });
    expect(await world.getToken(true)).toEqual({ error: "SignInUnavailableError" });
    expect(await world.getToken(true)).toEqual({ error: "SignInUnavailableError" });
    await expectSignedIn();
  });

  test("429, and leaves WorkOS alone for as long as it asked", async () => {
    world.authkit.control.fail({ on: "authenticate", status: 429, retryAfter: 8 });
    expect(await world.getToken(true)).toEqual({ error: "SignInUnavailableError" });
    const before = world.authkit.control.counts().authenticate;
    expect(await world.getToken(true)).toEqual({ error: "SignInUnavailableError" });
    expect(claimsOf(await world.getToken()).sub).toBe("user_ada");
    expect(world.authkit.control.counts().authenticate).toBe(before);
    await expect
      .poll(async () => "value" in (await world.getToken(true)), { timeout: 30_000 })
      .toBe(true);
    await expectSignedIn();
  });

  test("three pages that force 50 refreshes each", async () => {
    const pages = [world.page, await world.openPage(), await world.openPage()];
    const [signIn] = world.authkit.control.signIns();
    const sids = await Promise.all(
      pages.map(async (page) => {
        const seen: (string | undefined)[] = [];
        for (let round = 0; round < 50; round += 1) {
          seen.push(claimsOf(await world.getToken(true, page)).sid);
        }
        return seen;
      }),
    );
    expect(sids.flat()).toEqual(Array<string>(150).fill(signIn!.id));
    await pages[1]!.close();
    await pages[2]!.close();
    await expectSignedIn();
  });
});

test.describe("signed in ends", () => {
  test.beforeEach(async () => {
    await world.signIn();
  });

  test("when WorkOS revokes it, and says what to do", async () => {
    world.authkit.control.revoke(world.authkit.control.signIns()[0]!.id);
    expect(await world.getToken(true)).toEqual({ value: null });
    expect(await world.stored("profile")).toBeNull();
    expect(await world.stored("authSession")).toBeNull();
    expect(await world.stored("authTrouble")).toMatchObject({ code: "sign-in-needed" });
    expect(troubleOf(await world.signIn("grace@example.com"))).toBe("none");
    await expectSignedIn("user_grace");
  });

  test("when the person signs out, at WorkOS too", async () => {
    expect(await world.refreshTokens()).toHaveLength(1);
    await world.ask("signOut");
    expect(await world.stored("profile")).toBeNull();
    expect(await world.stored("authSession")).toBeNull();
    expect(await world.stored("accessToken", "session")).toBeNull();
    expect(world.authkit.control.signIns()).toEqual([]);
    expect(await world.refreshTokens()).toEqual([]);
    expect(await world.getToken()).toEqual({ value: null });
  });

  test("here at least, when the person signs out without a network, and says so", async () => {
    await world.authkit.close();
    await world.ask("signOut");
    expect(await world.stored("profile")).toBeNull();
    expect(await world.stored("authTrouble")).toMatchObject({ code: "sign-in-unreachable" });
    await world.startAuthkit();
    const [left] = world.authkit.control.signIns();
    world.authkit.control.revoke(left!.id);
  });

  test("when another client id is set", async () => {
    const settings = await world.stored<object>("settings");
    await world.store("settings", { convexUrl: "http://127.0.0.1:9", clientId: "client_other" });
    await expect.poll(() => world.stored("profile")).toBeNull();
    await expect.poll(() => world.authkit.control.signIns()).toEqual([]);
    expect(await world.stored("authTrouble")).toMatchObject({ code: "sign-in-needed" });
    await world.store("settings", settings);
  });

  test("when the sealed sign-in was changed", async () => {
    await world.store("authSession", { iv: "AAAAAAAAAAAAAAAA", data: "AAAA" });
    await world.killWorker();
    expect(await world.getToken()).toEqual({ value: null });
    expect(await world.stored("profile")).toBeNull();
    expect(await world.stored("authTrouble")).toMatchObject({ code: "sign-in-needed" });
  });
});

test("the check of a client id asks WorkOS", async () => {
  expect(await world.ask("checkClientId", { clientId: CLIENT_ID })).toEqual({
    value: { ok: true, value: null },
  });
  expect(await world.ask("checkClientId", { clientId: "client_wrong" })).toMatchObject({
    value: { ok: false, trouble: { code: "sign-in-refused" } },
  });
});

test("a content script finds no token in storage, and gets none by asking", async () => {
  await world.signIn();
  const token = await world.getToken(true);
  const [refreshToken] = await world.refreshTokens();
  const stored = await world.wholeStorage();
  expect(stored).toContain("authSession");
  expect(stored).not.toContain(refreshToken);
  expect(stored).not.toContain((token as { value: string }).value);

  const site = await world.browser.context.newPage();
  await site.goto(`${world.authkit.url}/health`);
  const inContentScript = await world.page.evaluate(async (url) => {
    const { chrome } = globalThis as unknown as { chrome: ScriptingApi };
    const [tab] = await chrome.tabs.query({ url });
    const [run] = await chrome.scripting.executeScript({
      target: { tabId: tab!.id },
      func: async () => {
        const { chrome } = globalThis as unknown as { chrome: ScriptingApi };
        const ask = async (type: string, data: unknown) =>
          await chrome.runtime.sendMessage({ id: 1, type, data, timestamp: Date.now() });
        return {
          local: await chrome.storage.local.get(null).catch((error: unknown) => String(error)),
          session: await chrome.storage.session.get(null).catch((error: unknown) => String(error)),
          token: await ask("getAccessToken", { forceRefresh: false }),
          host: await ask("authkitCall", { target: "authkit", call: "forget", args: {} }),
        };
      },
    });
    return run!.result;
  }, `${world.authkit.url}/*`);
  expect(inContentScript.local).toContain("not allowed");
  expect(inContentScript.session).toContain("not allowed");
  expect(inContentScript.token).toMatchObject({ err: {} });
  expect(inContentScript.host).not.toHaveProperty("res");
  await site.close();
  await expectSignedIn();
});

interface ScriptingApi {
  tabs: { query(filter: { url: string }): Promise<{ id: number }[]> };
  runtime: { sendMessage(message: unknown): Promise<unknown> };
  storage: Record<"local" | "session", { get(key: null): Promise<unknown> }>;
  scripting: {
    executeScript<T>(injection: {
      target: { tabId: number };
      func: () => Promise<T>;
    }): Promise<{ result: T }[]>;
  };
}

async function closeOffscreenPage(): Promise<void> {
  await world.page.evaluate(async () => {
    const { chrome } = globalThis as unknown as {
      chrome: { offscreen: { closeDocument(): Promise<void> } };
    };
    await chrome.offscreen.closeDocument();
  });
}
