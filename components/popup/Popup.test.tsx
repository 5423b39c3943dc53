import { act, cleanup, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fakeBrowser } from "wxt/testing/fake-browser";
import { onMessage, type PageStatus } from "../../utils/messages";
import {
  agentSwitches,
  captureStatus,
  CONSENT_VERSION,
  consents,
  isPaused,
  settings,
  type CaptureStatus,
} from "../../utils/storage";
import { ada, answerPermissions, authOf, opencode } from "../testing/people";
import { Popup } from "./Popup";

const idle: CaptureStatus = {
  waiting: 0,
  waitingForOthers: 0,
  refused: 0,
  refusedWhy: null,
  lastStoredAt: null,
  masked: 0,
  trouble: null,
  agentTroubles: {},
};

let page: PageStatus;
let stops: (() => void)[];

beforeEach(async () => {
  fakeBrowser.reset();
  page = { agent: null, state: "no-agent", session: null };
  stops = [onMessage("getPage", () => page)];
  await settings.setValue({ convexUrl: "https://a.convex.cloud", clientId: "client_1" });
});

afterEach(() => {
  cleanup();
  for (const stop of stops) stop();
});

const agreed = { [ada.id]: { agreedAt: 1, version: CONSENT_VERSION } };
const session = { key: "s", title: "Fix it", messages: 12, inConvex: 12, waiting: 0, refused: 0 };
const onOpencode = (given: Partial<PageStatus>): PageStatus => ({
  agent: { id: "opencode", name: "opencode" },
  state: "on",
  session: null,
  ...given,
});

function open(auth = authOf({ user: ada })) {
  return render(<Popup auth={auth} agents={[opencode]} />);
}

describe("signed out", () => {
  it("has one button to sign in, and says what comes before capture", async () => {
    const signIn = vi.fn(authOf().signIn);
    open(authOf({ signIn }));
    await userEvent.click(screen.getByRole("button", { name: "Sign in" }));
    expect(signIn).toHaveBeenCalledOnce();
    expect(await screen.findByRole("button", { name: "Read what is collected" })).toBeTruthy();
  });

  it("does not ask somebody to agree who has done so", async () => {
    await consents.setValue(agreed);
    open(authOf());
    await screen.findByRole("button", { name: "Sign in" });
    await waitFor(async () => expect(await consents.getValue()).toEqual(agreed));
    expect(screen.queryByRole("button", { name: "Read what is collected" })).toBeNull();
  });

  it("says that the sign-in window is open, and takes no second click", async () => {
    const signIn = vi.fn(authOf().signIn);
    open(authOf({ isSigningIn: true, signIn }));
    expect(screen.getByText(/The sign-in window is open/)).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Signing in" }));
    expect(signIn).not.toHaveBeenCalled();
  });

  it("says why signing in failed and what to do", () => {
    const trouble = {
      code: "sign-in-cancelled",
      message: "Closed.",
      next: "Try again.",
      at: 1,
    } as const;
    open(authOf({ trouble }));
    expect(screen.getByText("Closed.")).toBeTruthy();
    expect(screen.getByText("Try again.")).toBeTruthy();
  });

  it("says what is missing when nothing is set up", async () => {
    await settings.setValue({ convexUrl: "", clientId: "" });
    open(authOf());
    expect(await screen.findByText(/there is no WorkOS client id/)).toBeTruthy();
    expect(screen.getByRole("button", { name: "Open options" })).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Sign in" })).toBeNull();
  });

  it("says what waits for a sign-in", async () => {
    await captureStatus.setValue({ ...idle, waitingForOthers: 4 });
    open(authOf());
    expect(await screen.findByText(/4 messages wait in this browser/)).toBeTruthy();
  });
});

describe("signed in", () => {
  beforeEach(async () => {
    await consents.setValue(agreed);
    await captureStatus.setValue(idle);
  });

  it("shows who it is", () => {
    open();
    expect(screen.getByText("Ada Lovelace")).toBeTruthy();
    expect(screen.getByText("ada@example.com")).toBeTruthy();
  });

  it.each<[PageStatus, string]>([
    [{ agent: null, state: "no-agent", session: null }, "This page is not an agent's."],
    [onOpencode({}), "Nothing of this page is captured yet."],
    [onOpencode({ session }), "All 12 messages in Convex."],
    [onOpencode({ session: { ...session, inConvex: 9, waiting: 3 } }), "3 of 12 messages waiting."],
    [
      onOpencode({ session: { ...session, inConvex: 9, waiting: 2, refused: 1 } }),
      "2 of 12 messages waiting, 1 refused by Convex.",
    ],
    [onOpencode({ state: "off" }), "opencode is off: this page is not captured."],
    [onOpencode({ state: "no-permission" }), /The browser has no permission for opencode/.source],
    [onOpencode({ state: "reload-needed" }), /Reload it, and it is captured/.source],
  ])("says how far the page is: %#", async (status, words) => {
    page = status;
    open();
    expect(await screen.findByText(new RegExp(words))).toBeTruthy();
  });

  it("shows a session's title without tricks", async () => {
    page = onOpencode({ session: { ...session, title: "\u202Egnp.exe" } });
    open();
    expect(await screen.findByText("gnp.exe")).toBeTruthy();
  });

  it("follows what is captured while it is open", async () => {
    page = onOpencode({ session: { ...session, messages: 1, inConvex: 0, waiting: 1 } });
    open();
    await screen.findByText("1 of 1 message waiting.");
    page = onOpencode({ session: { ...session, messages: 1, inConvex: 1 } });
    await act(() => captureStatus.setValue({ ...idle, lastStoredAt: 1 }));
    expect(await screen.findByText("Its 1 message is in Convex.")).toBeTruthy();
  });

  describe("an agent that is off", () => {
    const wishes: boolean[] = [];

    beforeEach(() => {
      wishes.length = 0;
      stops.push(
        onMessage("setAgent", ({ data }) => {
          wishes.push(data.isEnabled);
          return { ok: true as const, value: null };
        }),
      );
      page = onOpencode({ state: "off" });
    });

    const clickOn = async () =>
      userEvent.click(await screen.findByRole("button", { name: "Switch opencode on" }));

    it("is asked for in the click, and switched on", async () => {
      const { asked } = answerPermissions({ isGranted: false, isAllowed: true });
      open();
      await clickOn();
      expect(asked).toEqual([["http://localhost:4096/*", "http://127.0.0.1:4096/*"]]);
      await waitFor(() => expect(wishes.at(-1)).toBe(true));
    });

    it("is switched on before the answer, because the browser closes the popup when it asks", async () => {
      const { asked } = answerPermissions({ isGranted: false, isAllowed: "never answers" });
      open();
      await clickOn();
      await waitFor(() => expect(wishes).toEqual([true]));
      expect(asked).toHaveLength(1);
    });

    it("is switched off again when the permission is refused", async () => {
      answerPermissions({ isGranted: false, isAllowed: false });
      open();
      await clickOn();
      expect((await screen.findByRole("alert")).textContent).toContain("nothing is captured there");
      expect(wishes).toEqual([true, false]);
    });
  });

  it("says what waits, for whom, and what was refused", async () => {
    await captureStatus.setValue({ ...idle, waiting: 3, waitingForOthers: 2, refused: 1 });
    open();
    expect(await screen.findByText("3 messages wait to be sent.")).toBeTruthy();
    expect(screen.getByText("2 messages wait for another person to sign in.")).toBeTruthy();
    expect(screen.getByText("1 message refused by Convex; kept in this browser.")).toBeTruthy();
    expect(screen.queryByText(/masked/)).toBeNull();
  });

  it.each([
    [1, "1 secret was masked before anything was stored."],
    [1204, "1,204 secrets were masked before anything was stored."],
  ])("says how many secrets were masked: %i", async (masked, words) => {
    await captureStatus.setValue({ ...idle, masked });
    open();
    expect(await screen.findByText(words)).toBeTruthy();
    expect(screen.getByText("Nothing waits: all that was captured is in Convex.")).toBeTruthy();
  });

  it("offers the remedy of the last trouble", async () => {
    const trouble = {
      code: "deployment-unreachable",
      message: "Convex cannot be reached.",
      next: "Go online.",
      at: 1,
    } as const;
    await captureStatus.setValue({ ...idle, waiting: 1, trouble });
    const retryNow = vi.fn();
    stops.push(onMessage("retryNow", () => retryNow()));
    open();
    expect((await screen.findByRole("alert")).textContent).toContain("Go online.");
    await userEvent.click(screen.getByRole("button", { name: "Try now" }));
    await waitFor(() => expect(retryNow).toHaveBeenCalledOnce());
    expect(screen.getByRole("button", { name: "Open options" })).toBeTruthy();
  });

  it("pauses and resumes", async () => {
    stops.push(onMessage("setPaused", ({ data }) => isPaused.setValue(data.isPaused)));
    open();
    const pause = await screen.findByRole("switch", { name: "Pause" });
    await waitFor(() => expect(pause).toHaveProperty("disabled", false));
    await userEvent.click(pause);
    expect(await screen.findByText("Paused: nothing is captured or sent.")).toBeTruthy();
    await userEvent.click(pause);
    await waitFor(async () => expect(await isPaused.getValue()).toBe(false));
  });

  it("says that nothing is captured before agreeing", async () => {
    await consents.setValue({ somebodyElse: { agreedAt: 1, version: CONSENT_VERSION } });
    open();
    expect(await screen.findByText(/you have not agreed/)).toBeTruthy();
    expect(screen.getByRole("button", { name: "Read and agree" })).toBeTruthy();
  });

  it("keeps the origins that the person named when it switches an agent on", async () => {
    const { asked } = answerPermissions({ isGranted: false, isAllowed: false });
    await agentSwitches.setValue({
      [ada.id]: { opencode: { isEnabled: false, origins: ["https://a.example"] } },
    });
    page = onOpencode({ state: "off" });
    open();
    const button = await screen.findByRole("button", { name: "Switch opencode on" });
    await userEvent.click(button);
    expect(asked[0]).toContain("https://a.example/*");
  });

  it("signs out", async () => {
    const signOut = vi.fn(() => Promise.resolve());
    open(authOf({ user: ada, signOut }));
    await userEvent.click(screen.getByRole("button", { name: "Sign out" }));
    expect(signOut).toHaveBeenCalledOnce();
  });
});
