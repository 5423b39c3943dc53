import { vi } from "vitest";
import { fakeBrowser } from "wxt/testing/fake-browser";
import type { Answer } from "../../utils/errors";
import type { Profile } from "../../utils/storage";
import type { AgentInfo } from "../agents/switch-agent";
import type { Auth } from "../auth-state";

export const ada: Profile = { id: "user_ada", email: "ada@example.com", name: "Ada Lovelace" };

export const opencode: AgentInfo = {
  id: "opencode",
  name: "opencode",
  origins: ["http://localhost:4096/*", "http://127.0.0.1:4096/*"],
  selfHosted: { path: "/global/health", isRecognised: () => true },
};

/** The sign-in as a page gets it; `isAuthenticated` follows from `user`. */
export function authOf(given: Partial<Auth> = {}): Auth {
  return {
    user: null,
    isLoading: false,
    isAuthenticated: given.user !== undefined && given.user !== null,
    isSigningIn: false,
    trouble: null,
    signIn: () => Promise.resolve({ ok: true, value: ada } as Answer<Profile>),
    signOut: () => Promise.resolve(),
    ...given,
  };
}

/** Lets the browser, which does not exist here, answer permission questions; answers what it was asked. */
export function answerPermissions(answer: { isGranted: boolean; isAllowed: boolean }) {
  const asked: string[][] = [];
  const permissions = {
    contains: () => Promise.resolve(answer.isGranted),
    request: ({ origins }: { origins: string[] }) => {
      asked.push(origins);
      answer.isGranted ||= answer.isAllowed;
      return Promise.resolve(answer.isAllowed);
    },
    onAdded: { addListener: () => undefined, removeListener: () => undefined },
    onRemoved: { addListener: () => undefined, removeListener: () => undefined },
  };
  vi.spyOn(fakeBrowser, "permissions", "get").mockReturnValue(permissions as never);
  return asked;
}
