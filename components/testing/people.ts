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
  kind: "self-hosted",
  origins: ["http://localhost:4096/*", "http://127.0.0.1:4096/*"],
  selfHosted: { path: "/global/health", isRecognised: () => true },
};

/** The agent for pages of no known one. */
export const anyPage: AgentInfo = { id: "generic", name: "Any page", kind: "any", origins: [] };

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

/** What the browser says to permission questions. */
interface PermissionAnswers {
  /** Whether any permission is held, or which patterns are. */
  isGranted: boolean | string[];
  isAllowed: boolean | "never answers";
}

/** Lets the browser, which does not exist here, answer permission questions; `asked` is what it was asked. */
export function answerPermissions({ isGranted, isAllowed }: PermissionAnswers) {
  const asked: string[][] = [];
  let isHeld = isGranted === true;
  const held = (pattern: string) =>
    isHeld || (isGranted !== false && isGranted !== true && isGranted.includes(pattern));
  const events = { addListener: () => undefined, removeListener: () => undefined };
  const permissions = {
    contains: ({ origins }: { origins: string[] }) => Promise.resolve(origins.every(held)),
    request: ({ origins }: { origins: string[] }) => {
      asked.push(origins);
      if (isAllowed === "never answers") return new Promise<boolean>(() => undefined);
      isHeld ||= isAllowed;
      return Promise.resolve(isAllowed);
    },
    onAdded: events,
    onRemoved: events,
  };
  vi.spyOn(fakeBrowser, "permissions", "get").mockReturnValue(permissions as never);
  return { asked };
}
