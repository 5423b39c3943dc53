import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it } from "vitest";
import { fakeBrowser } from "wxt/testing/fake-browser";
import {
  accessToken,
  authSession,
  authTrouble,
  profile,
  settings,
  signInAttempt,
  workosNotBefore,
} from "../utils/storage";
import { createAuthState, type AuthState } from "./auth-state";
import { createSealedStore } from "./sealed-store";
import { ada, grantFor } from "./test-support";

const NOW = 1_800_000_000_000;
let state: AuthState;

const reopen = (): AuthState => createAuthState(createSealedStore(), () => NOW);

beforeEach(() => {
  fakeBrowser.reset();
  globalThis.indexedDB = new IDBFactory();
  state = reopen();
});

describe("the state of the sign-in", () => {
  it("survives another generation of the background", async () => {
    await state.begin(ada, grantFor(NOW));
    expect(await reopen().current()).toEqual(ada);
  });

  it("follows the rotation of the tokens", async () => {
    await state.begin(ada, grantFor(NOW));
    await state.rotate({ signInId: ada.signInId, grant: grantFor(NOW, 2) });
    expect(await reopen().current()).toEqual({ ...ada, refreshToken: "refresh-2" });
    expect(await accessToken.getValue()).toMatchObject({ token: "access-2" });
  });

  it("takes a rotation before anything was read: the message may have woken the background", async () => {
    await state.begin(ada, grantFor(NOW));
    const next = reopen();
    await next.rotate({ signInId: ada.signInId, grant: grantFor(NOW, 2) });
    expect(await next.current()).toMatchObject({ refreshToken: "refresh-2" });
  });

  it("does not let a late rotation bring back what was ended", async () => {
    await state.begin(ada, grantFor(NOW));
    const rotating = state.rotate({ signInId: ada.signInId, grant: grantFor(NOW, 2) });
    const ending = state.end(null);
    await Promise.all([rotating, ending]);
    await state.rotate({ signInId: ada.signInId, grant: grantFor(NOW, 3) });
    expect(await state.current()).toBeNull();
    expect(await reopen().current()).toBeNull();
    expect(await accessToken.getValue()).toBeNull();
  });

  it("is over at once when it is ended, while storage still writes", async () => {
    await state.begin(ada, grantFor(NOW));
    const ending = state.end(null);
    expect(await state.current()).toBeNull();
    await ending;
  });

  it("does not mix up two sign-ins", async () => {
    await state.begin({ ...ada, signInId: "sign-in-2" }, grantFor(NOW));
    await state.rotate({ signInId: "sign-in-1", grant: grantFor(NOW, 9) });
    expect(await state.current()).toMatchObject({ refreshToken: "refresh-1" });
  });

  it("clears exactly what belongs to it", async () => {
    const kept = { convexUrl: "https://x.convex.cloud", clientId: "client_1" };
    await settings.setValue(kept);
    await signInAttempt.setValue({ startedAt: NOW });
    await state.begin(ada, grantFor(NOW));
    await workosNotBefore.setValue(NOW + 1000);
    await state.end(null);
    for (const item of [profile, authSession, authTrouble, accessToken, signInAttempt]) {
      expect(await item.getValue()).toBeNull();
    }
    expect(await workosNotBefore.getValue()).toBe(0);
    expect(await settings.getValue()).toEqual(kept);
  });

  it.each([
    ["shows a profile that a crash left out", ada.profile, () => profile.setValue(null)],
    ["takes back a profile that a crash left behind", null, () => authSession.setValue(null)],
  ])("%s", async (_what, shown, crash) => {
    await state.begin(ada, grantFor(NOW));
    await crash();
    await reopen().current();
    expect(await profile.getValue()).toEqual(shown);
  });

  it("signs out with a word on what to do when the sealed sign-in is unreadable", async () => {
    await state.begin(ada, grantFor(NOW));
    globalThis.indexedDB = new IDBFactory();
    expect(await reopen().current()).toBeNull();
    expect(await profile.getValue()).toBeNull();
    expect(await authSession.getValue()).toBeNull();
    expect(await authTrouble.getValue()).toMatchObject({ code: "sign-in-needed", at: NOW });
  });

  it("tries again after a failed read", async () => {
    await state.begin(ada, grantFor(NOW));
    const good = globalThis.indexedDB;
    globalThis.indexedDB = {
      open: () => {
        throw new Error("busy");
      },
    } as unknown as IDBFactory;
    const next = reopen();
    await expect(next.current()).rejects.toThrow("busy");
    globalThis.indexedDB = good;
    expect(await next.current()).toEqual(ada);
  });

  it("tells its listeners until they leave", async () => {
    const seen: unknown[] = [];
    const leave = state.onChange((person) => seen.push(person?.id ?? null));
    await state.begin(ada, grantFor(NOW));
    await state.rotate({ signInId: ada.signInId, grant: grantFor(NOW, 2) });
    await state.end(null);
    leave();
    await state.begin(ada, grantFor(NOW));
    expect(seen).toEqual(["user_ada", null]);
  });
});
