import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { fakeBrowser } from "wxt/testing/fake-browser";
import { accessToken, authTrouble, profile, settings, signInAttempt } from "../utils/storage";
import { createBroker, type Broker } from "./broker";
import type { SaveRotation } from "./host-protocol";
import { ada, grantFor, REDIRECT_URI, ScriptedHost, setRedirectUri } from "./test-support";

const NOW = 1_800_000_000_000;
const deployment = { convexUrl: "https://x.convex.cloud", clientId: "client_1" };

let host: ScriptedHost;
let signedIn: unknown[];
let asked: string[];
let openWindow: (url: string) => Promise<string>;
let answerFetch: () => Promise<Response>;
let save: SaveRotation;

function makeBroker(): Broker {
  return createBroker({
    onSignedIn: (person, getToken) => signedIn.push([person, getToken]),
    connect: (saveRotation) => {
      save = saveRotation;
      return host;
    },
    flow: {
      fetch: async (input, init) => {
        asked.push(`${init?.mode ?? "cors"} ${String(input)}`);
        return await answerFetch();
      },
      hasPermission: async () => true,
      openWindow: (url) => openWindow(url),
      timeoutMs: 1000,
    },
    confirmAfterMs: 5,
    now: () => NOW,
  });
}

beforeEach(async () => {
  fakeBrowser.reset();
  globalThis.indexedDB = new IDBFactory();
  setRedirectUri();
  await settings.setValue(deployment);
  host = new ScriptedHost();
  host.onExchange = async () => ({ outcome: "ok", grant: grantFor(NOW) });
  signedIn = [];
  asked = [];
  openWindow = async (url) => `${REDIRECT_URI}?${new URL(url).searchParams}&code=abc`;
  answerFetch = async () => new Response("");
});

describe("signing in", () => {
  it("keeps the person, hands out the token, and lets the user be provisioned", async () => {
    const broker = makeBroker();
    expect(await broker.signIn()).toEqual({ ok: true, value: ada.profile });
    expect(await broker.currentPerson()).toEqual(ada.profile);
    expect(await profile.getValue()).toEqual(ada.profile);
    expect(await broker.getAccessToken()).toBe("access-1");
    expect(signedIn).toEqual([[ada.profile, broker.getAccessToken]]);
    expect(await signInAttempt.getValue()).toBeNull();
  });

  it("stores the pair before anybody hears of it", async () => {
    const broker = makeBroker();
    const seen: unknown[] = [];
    broker.onChange((person) => seen.push([person?.id, broker.currentPerson()]));
    await broker.signIn();
    expect(seen).toHaveLength(1);
    expect(await makeBroker().currentPerson()).toEqual(ada.profile);
  });

  it("shows that the window is open, and takes no second attempt", async () => {
    let finish: (redirect: string) => void = () => undefined;
    const state: { url?: string } = {};
    openWindow = (url) => {
      state.url = url;
      return new Promise((resolve) => (finish = resolve));
    };
    const broker = makeBroker();
    const first = broker.signIn();
    await vi.waitFor(() => expect(state.url).toBeDefined());
    expect(await signInAttempt.getValue()).toEqual({ startedAt: NOW });
    expect(await broker.signIn()).toMatchObject({ ok: false, trouble: { code: "sign-in-busy" } });
    expect(await authTrouble.getValue()).toBeNull();
    finish(`${REDIRECT_URI}?${new URL(state.url!).searchParams}&code=abc`);
    expect(await first).toMatchObject({ ok: true });
    expect(host.count("begin")).toBe(1);
  });

  it("answers at once when somebody is signed in", async () => {
    const broker = makeBroker();
    await broker.signIn();
    expect(await broker.signIn()).toEqual({ ok: true, value: ada.profile });
    expect(host.count("begin")).toBe(1);
  });

  it("keeps the trouble for the popup that was closed meanwhile, until the next success", async () => {
    const broker = makeBroker();
    const good = openWindow;
    openWindow = async () => {
      throw new Error("The user did not approve access.");
    };
    expect(await broker.signIn()).toMatchObject({ trouble: { code: "sign-in-cancelled" } });
    expect(await authTrouble.getValue()).toMatchObject({ code: "sign-in-cancelled", at: NOW });
    expect(await signInAttempt.getValue()).toBeNull();
    openWindow = good;
    await broker.signIn();
    expect(await authTrouble.getValue()).toBeNull();
  });

  it("says so when no client id is set", async () => {
    await settings.setValue({ ...deployment, clientId: " " });
    expect(await makeBroker().signIn()).toMatchObject({ trouble: { code: "sign-in-refused" } });
    expect(host.count("begin")).toBe(0);
  });

  it("turns what nobody foresaw into a trouble", async () => {
    host.begin = async () => {
      throw new Error("Page crashed");
    };
    const answer = await makeBroker().signIn();
    expect(answer).toMatchObject({ ok: false, trouble: { code: "unexpected" } });
    expect(JSON.stringify(answer)).toContain("Page crashed");
  });

  it("tells of an attempt that the browser cut off", async () => {
    await signInAttempt.setValue({ startedAt: NOW - 1000 });
    const broker = makeBroker();
    expect(await broker.currentPerson()).toBeNull();
    expect(await signInAttempt.getValue()).toBeNull();
    expect(await authTrouble.getValue()).toMatchObject({ code: "sign-in-cancelled" });
  });

  it("that woke the background is not taken for one that was cut off", async () => {
    const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
    vi.spyOn(fakeBrowser.storage.local, "setAccessLevel").mockImplementation(() => pause(20));
    const good = openWindow;
    openWindow = async (url) => {
      await pause(60);
      expect(await signInAttempt.getValue()).toEqual({ startedAt: NOW });
      expect(await authTrouble.getValue()).toBeNull();
      return await good(url);
    };
    expect(await makeBroker().signIn()).toMatchObject({ ok: true });
  });
});

describe("signing out", () => {
  const logout = "https://api.workos.com/user_management/sessions/logout?session_id=session_1";

  it("ends it here first, then at WorkOS, and forgets the SDK's copy", async () => {
    const broker = makeBroker();
    await broker.signIn();
    asked = [];
    const shown: unknown[] = [];
    answerFetch = async () => {
      shown.push(await profile.getValue(), await accessToken.getValue());
      return new Response("");
    };
    await broker.signOut();
    expect(shown).toEqual([null, null]);
    expect(asked).toEqual([`cors ${logout}`]);
    expect(host.count("forget")).toBe(1);
    expect(await broker.getAccessToken()).toBeNull();
    expect(await authTrouble.getValue()).toBeNull();
  });

  it("works for a background that has just started, without a token", async () => {
    await makeBroker().signIn();
    await accessToken.setValue(null);
    asked = [];
    await makeBroker().signOut();
    expect(asked).toEqual([`cors ${logout}`]);
  });

  it("says when WorkOS could not be told", async () => {
    const broker = makeBroker();
    await broker.signIn();
    answerFetch = async () => {
      throw new TypeError("Failed to fetch");
    };
    await broker.signOut();
    expect(await profile.getValue()).toBeNull();
    expect(await authTrouble.getValue()).toMatchObject({ code: "sign-in-unreachable" });
  });

  it.each([
    [404, null],
    [503, "sign-in-unreachable"],
  ])("takes %d from WorkOS for what it is", async (status, code) => {
    const broker = makeBroker();
    await broker.signIn();
    answerFetch = async () => new Response("", { status });
    await broker.signOut();
    expect((await authTrouble.getValue())?.code ?? null).toBe(code);
  });

  it("needs nobody to be signed in", async () => {
    await authTrouble.setValue({ code: "sign-in-cancelled", message: "m", next: "n", at: 1 });
    await makeBroker().signOut();
    expect(asked).toEqual([]);
    expect(await authTrouble.getValue()).toBeNull();
  });

  it("drops a rotation that comes late", async () => {
    const broker = makeBroker();
    await broker.signIn();
    const { signInId } = host.calls.find(({ name }) => name === "exchange")!.args as {
      signInId: string;
    };
    await broker.signOut();
    await save({ signInId, grant: grantFor(NOW, 2) });
    expect(await broker.currentPerson()).toBeNull();
  });
});

describe("another client id", () => {
  it("signs out whom the earlier one signed in, at WorkOS too", async () => {
    const broker = makeBroker();
    await broker.signIn();
    asked = [];
    await settings.setValue({ ...deployment, clientId: "client_2" });
    await vi.waitFor(async () =>
      expect(await authTrouble.getValue()).toMatchObject({ code: "sign-in-needed" }),
    );
    expect(await broker.currentPerson()).toBeNull();
    await vi.waitFor(() => expect(asked).toHaveLength(1));
  });

  it("is noticed at the next start, if it was set while nobody listened", async () => {
    await makeBroker().signIn();
    fakeBrowser.storage.onChanged.removeAllListeners();
    await settings.setValue({ ...deployment, clientId: "client_2" });
    expect(await makeBroker().currentPerson()).toBeNull();
  });

  it("another deployment is not", async () => {
    const broker = makeBroker();
    await broker.signIn();
    await settings.setValue({ ...deployment, convexUrl: "https://y.convex.cloud" });
    expect(await broker.currentPerson()).toEqual(ada.profile);
  });
});
