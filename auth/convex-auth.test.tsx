import { act, renderHook, waitFor } from "@testing-library/react";
import { ConvexProviderWithAuth, type ConvexReactClient } from "convex/react";
import type { ReactNode } from "react";
import { beforeEach, describe, expect, it } from "vitest";
import { fakeBrowser } from "wxt/testing/fake-browser";
import { profile } from "../utils/storage";
import { useAuthWithConvex, useConvexAuthAdapter } from "./convex-auth";
import { ada } from "./test-support";

/** The part of Convex's client that decides about the sign-in. */
class Client {
  confirm: ((isAuthenticated: boolean) => void) | null = null;
  asked = 0;
  setAuth(_fetch: unknown, onChange: (isAuthenticated: boolean) => void): void {
    this.asked += 1;
    this.confirm = onChange;
  }
  clearAuth(): void {
    this.confirm = null;
  }
}

let client: Client;

beforeEach(() => {
  fakeBrowser.reset();
  client = new Client();
});

function render() {
  const wrapper = ({ children }: { children: ReactNode }) => (
    <ConvexProviderWithAuth
      client={client as unknown as ConvexReactClient}
      useAuth={useConvexAuthAdapter}
    >
      {children}
    </ConvexProviderWithAuth>
  );
  return renderHook(() => useAuthWithConvex(), { wrapper });
}

describe("useAuthWithConvex", () => {
  it("does not let a page that nobody is signed in on wait for Convex", async () => {
    const { result } = render();
    expect(result.current.isLoading).toBe(true);
    await waitFor(() => expect(result.current.isLoading).toBe(false));
    expect(result.current.isAuthenticated).toBe(false);
    expect(client.asked).toBe(0);
  });

  it("is loading until Convex has confirmed the person too", async () => {
    await profile.setValue(ada.profile);
    const { result } = render();
    await waitFor(() => expect(result.current.user).toEqual(ada.profile));
    expect(result.current).toMatchObject({ isLoading: true, isAuthenticated: false });
    await act(async () => client.confirm!(true));
    expect(result.current).toMatchObject({ isLoading: false, isAuthenticated: true });
  });

  it("is signed out at once when the person signs out", async () => {
    await profile.setValue(ada.profile);
    const { result } = render();
    await waitFor(() => expect(client.confirm).not.toBeNull());
    await act(async () => client.confirm!(true));
    await act(() => profile.setValue(null));
    expect(result.current).toMatchObject({ isLoading: false, isAuthenticated: false, user: null });
    expect(client.confirm).toBeNull();
  });

  it("asks Convex anew for another person", async () => {
    await profile.setValue(ada.profile);
    render();
    await waitFor(() => expect(client.asked).toBe(1));
    await act(() => profile.setValue({ id: "user_grace", email: "grace@example.com" }));
    expect(client.asked).toBe(2);
  });
});
