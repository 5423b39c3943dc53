import { beforeEach, describe, expect, it, vi } from "vitest";
import { fakeBrowser } from "wxt/testing/fake-browser";
import { isSignInUnavailable, type SignInUnavailableError } from "../utils/errors";
import { accessToken, authTrouble, profile, workosNotBefore } from "../utils/storage";
import { createGetAccessToken, type GetAccessToken } from "./access-token";
import { createAuthState, type AuthState } from "./auth-state";
import type { AuthSession, TokenResult } from "./host-protocol";
import type { SealedStore, Unsealed } from "./sealed-store";
import { ada, away, grantFor, ScriptedHost, setRedirectUri } from "./test-support";

const START = 1_800_000_000_000;
const ok = (count: number): TokenResult => ({
  outcome: "ok",
  token: `access-${count}`,
  expiresAt: START + 300_000,
});

/** What the sealed store holds; the sealing itself has its own test. */
class OpenStore implements SealedStore {
  content: Unsealed = { state: "empty" };
  async read() {
    return this.content;
  }
  async write(session: AuthSession) {
    this.content = { state: "open", session };
  }
  async clear() {
    this.content = { state: "empty" };
  }
}

let now: number;
let store: OpenStore;
let state: AuthState;
let host: ScriptedHost;
let getAccessToken: GetAccessToken;

beforeEach(() => {
  fakeBrowser.reset();
  setRedirectUri();
  now = START;
  store = new OpenStore();
  state = createAuthState(store, () => now);
  host = new ScriptedHost();
  getAccessToken = createGetAccessToken({ state, host, now: () => now, confirmAfterMs: 10 });
});

async function failure(call: Promise<unknown>): Promise<SignInUnavailableError> {
  const error: unknown = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(isSignInUnavailable(error)).toBe(true);
  return error as SignInUnavailableError;
}

describe("with nobody signed in", () => {
  it("answers null and asks nobody", async () => {
    expect(await getAccessToken({ forceRefresh: true })).toBeNull();
    expect(host.calls).toEqual([]);
  });
});

describe("a kept token", () => {
  beforeEach(() => state.begin(ada, grantFor(now)));

  it("serves until a minute before it runs out", async () => {
    host.onToken = async () => ok(2);
    now = START + 239_000;
    expect(await getAccessToken()).toBe("access-1");
    now = START + 241_000;
    expect(await getAccessToken()).toBe("access-2");
    expect(host.count("token")).toBe(1);
  });

  it("does not serve who forces a refresh", async () => {
    host.onToken = async () => ok(2);
    expect(await getAccessToken({ forceRefresh: true })).toBe("access-2");
    expect(await getAccessToken()).toBe("access-2");
    expect(host.count("token")).toBe(1);
  });

  it("of an earlier sign-in is not used", async () => {
    host.onToken = async () => ok(2);
    await accessToken.setValue({ token: "old", expiresAt: START + 300_000, signInId: "other" });
    expect(await getAccessToken()).toBe("access-2");
  });
});

describe("a refresh", () => {
  beforeEach(async () => {
    await state.begin(ada, grantFor(now));
    now = START + 290_000;
  });

  it("is asked for once, however many wait", async () => {
    host.onToken = async () => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      return ok(2);
    };
    const tokens = await Promise.all(Array.from({ length: 20 }, () => getAccessToken()));
    expect(new Set(tokens)).toEqual(new Set(["access-2"]));
    expect(host.count("token")).toBe(1);
  });

  it("that is forced is not satisfied by one that is not", async () => {
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    host.onToken = async () => {
      await gate;
      return ok(2);
    };
    const lazy = getAccessToken();
    await vi.waitFor(() => expect(host.count("token")).toBe(1));
    const others = [
      getAccessToken({ forceRefresh: true }),
      getAccessToken({ forceRefresh: true }),
      getAccessToken(),
    ];
    await vi.waitFor(() => expect(host.count("token")).toBe(2));
    open();
    await Promise.all([lazy, ...others]);
    const forced = host.calls.map(({ args }) => (args as { forceRefresh: boolean }).forceRefresh);
    expect(forced).toEqual([false, true]);
  });

  it("that comes after signing out is thrown away", async () => {
    host.onToken = async () => {
      await state.end(null);
      return ok(2);
    };
    expect(await getAccessToken()).toBeNull();
    expect(await accessToken.getValue()).toBeNull();
  });
});

describe("while WorkOS is away", () => {
  beforeEach(() => state.begin(ada, grantFor(now)));

  it("a token that has not run out still serves, but not who forces", async () => {
    now = START + 290_000;
    expect(await getAccessToken()).toBe("access-1");
    await failure(getAccessToken({ forceRefresh: true }));
    now = START + 301_000;
    await failure(getAccessToken());
    expect(await profile.getValue()).toEqual(ada.profile);
    expect(await authTrouble.getValue()).toBeNull();
  });

  it("the person stays signed in when the host cannot even be asked", async () => {
    host.onToken = async () => {
      throw new Error("Receiving end does not exist.");
    };
    await failure(getAccessToken({ forceRefresh: true }));
    expect(await state.current()).toEqual(ada);
  });

  it.each([[403], [404], [401]])("an answer of %d does not sign out", async (status) => {
    host.onToken = async () => ({ ...away, status }) as TokenResult;
    await failure(getAccessToken({ forceRefresh: true }));
    expect(await state.current()).toEqual(ada);
  });

  it("it is not asked again before it wants to be", async () => {
    host.onToken = async () => ({ ...away, status: 429, retryAfterMs: 30_000 }) as TokenResult;
    expect((await failure(getAccessToken({ forceRefresh: true }))).retryAfterMs).toBe(30_000);
    now = START + 20_000;
    expect((await failure(getAccessToken({ forceRefresh: true }))).retryAfterMs).toBe(10_000);
    expect(await getAccessToken()).toBe("access-1");
    expect(host.count("token")).toBe(1);
    host.onToken = async () => ok(2);
    now = START + 30_001;
    expect(await getAccessToken({ forceRefresh: true })).toBe("access-2");
  });

  it("a wait without end is not believed", async () => {
    host.onToken = async () => ({ ...away, status: 429, retryAfterMs: 86_400_000 }) as TokenResult;
    await failure(getAccessToken({ forceRefresh: true }));
    expect(await workosNotBefore.getValue()).toBe(START + 300_000);
  });
});

describe("when WorkOS says invalid_grant", () => {
  beforeEach(() => state.begin(ada, grantFor(now)));

  it("the person is signed out, with a word on what to do", async () => {
    host.onToken = async () => ({ outcome: "ended" });
    const seen: unknown[] = [];
    state.onChange((person) => seen.push(person));
    expect(await getAccessToken({ forceRefresh: true })).toBeNull();
    expect(await state.current()).toBeNull();
    expect(store.content).toEqual({ state: "empty" });
    expect(await profile.getValue()).toBeNull();
    expect(await authTrouble.getValue()).toMatchObject({ code: "sign-in-needed", at: now });
    expect(seen).toEqual([null]);
  });

  it("a newer token in the store is tried first", async () => {
    const newer = { ...ada, refreshToken: "refresh-9" };
    host.onToken = async ({ session }) => {
      if (session.refreshToken === "refresh-9") return ok(9);
      store.content = { state: "open", session: newer };
      return { outcome: "ended" };
    };
    expect(await getAccessToken({ forceRefresh: true })).toBe("access-9");
    expect(await state.current()).toEqual(newer);
  });

  it("and says it of the newer token too, the person is signed out", async () => {
    host.onToken = async () => {
      store.content = { state: "open", session: { ...ada, refreshToken: "refresh-9" } };
      return { outcome: "ended" };
    };
    expect(await getAccessToken({ forceRefresh: true })).toBeNull();
    expect(host.count("token")).toBe(2);
    expect(await state.current()).toBeNull();
  });

  it("but somebody else has signed in meanwhile, they stay", async () => {
    const grace = { ...ada, signInId: "sign-in-2", refreshToken: "refresh-g" };
    host.onToken = async () => {
      await state.begin(grace, grantFor(now, 2));
      return { outcome: "ended" };
    };
    expect(await getAccessToken({ forceRefresh: true })).toBeNull();
    expect(await state.current()).toEqual(grace);
    expect(await authTrouble.getValue()).toBeNull();
  });
});
