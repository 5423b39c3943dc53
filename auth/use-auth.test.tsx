import { act, renderHook, waitFor } from "@testing-library/react";
import { beforeEach, describe, expect, it } from "vitest";
import { fakeBrowser } from "wxt/testing/fake-browser";
import { SignInUnavailableError } from "../utils/errors";
import { onMessage } from "../utils/messages";
import { authTrouble, profile, signInAttempt } from "../utils/storage";
import { waitForToken } from "./convex-auth";
import { ada } from "./test-support";
import { useAuth } from "./use-auth";

beforeEach(() => fakeBrowser.reset());

describe("useAuth", () => {
  it("is loading until it is known, then shows nobody", async () => {
    const { result } = renderHook(() => useAuth());
    expect(result.current).toMatchObject({ isLoading: true, isAuthenticated: false, user: null });
    await waitFor(() => expect(result.current.isLoading).toBe(false));
    expect(result.current).toMatchObject({ isAuthenticated: false, user: null, trouble: null });
  });

  it("follows what happens in the background and in other pages", async () => {
    const { result } = renderHook(() => useAuth());
    await waitFor(() => expect(result.current.isLoading).toBe(false));
    await act(() => signInAttempt.setValue({ startedAt: 1 }));
    expect(result.current.isSigningIn).toBe(true);
    await act(async () => {
      await signInAttempt.setValue(null);
      await profile.setValue(ada.profile);
    });
    expect(result.current).toMatchObject({
      user: ada.profile,
      isAuthenticated: true,
      isSigningIn: false,
    });
    const trouble = { code: "sign-in-needed", message: "m", next: "n", at: 1 } as const;
    await act(async () => {
      await profile.setValue(null);
      await authTrouble.setValue(trouble);
    });
    expect(result.current).toMatchObject({ user: null, isAuthenticated: false, trouble });
  });

  it("asks the background, and gives its answer", async () => {
    const stopListening = [
      onMessage("signIn", () => ({ ok: true as const, value: ada.profile })),
      onMessage("getAccessToken", ({ data }) => (data.forceRefresh ? "fresh" : "kept")),
    ];
    const { result } = renderHook(() => useAuth());
    await waitFor(() => expect(result.current.isLoading).toBe(false));
    expect(await result.current.signIn()).toEqual({ ok: true, value: ada.profile });
    expect(await result.current.getAccessToken()).toBe("kept");
    expect(await result.current.getAccessToken({ forceRefresh: true })).toBe("fresh");
    for (const stop of stopListening) stop();
  });

  it("answers with a trouble when the background is stopped in the middle, and starts it again", async () => {
    const { result } = renderHook(() => useAuth());
    await waitFor(() => expect(result.current.isLoading).toBe(false));
    let isStarted = false;
    const stop = onMessage("getAccessToken", () => {
      isStarted = true;
      return null;
    });
    expect(await result.current.signIn()).toMatchObject({
      ok: false,
      trouble: { code: "sign-in-cancelled" },
    });
    expect(isStarted).toBe(true);
    stop();
  });
});

describe("waitForToken", () => {
  it("waits longer and longer while WorkOS is away, and never calls that signed out", async () => {
    const waits: number[] = [];
    let failures = 7;
    const token = await waitForToken(
      async () => {
        failures -= 1;
        if (failures >= 0) throw new SignInUnavailableError(null);
        return "token";
      },
      async (ms) => void waits.push(ms),
    );
    expect(token).toBe("token");
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  });

  it("knows the error although a message has taken its class away", async () => {
    const stripped = Object.assign(new Error("away"), { name: "SignInUnavailableError" });
    let isAway = true;
    const ask = async () => {
      if (!isAway) return null;
      isAway = false;
      throw stripped;
    };
    expect(await waitForToken(ask, async () => undefined)).toBeNull();
  });

  it("lets any other error through", async () => {
    const ask = async () => {
      throw new Error("a bug");
    };
    await expect(waitForToken(ask, async () => undefined)).rejects.toThrow("a bug");
  });
});
