import { act, cleanup, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fakeBrowser } from "wxt/testing/fake-browser";
import { onMessage } from "../../utils/messages";
import { agentSwitches, CONSENT_VERSION, consents, NOBODY, settings } from "../../utils/storage";
import { ada, answerPermissions, authOf, opencode } from "../testing/people";
import { Welcome } from "./Welcome";

const stops: (() => void)[] = [];

beforeEach(async () => {
  fakeBrowser.reset();
  answerPermissions({ isGranted: true, isAllowed: true });
  await settings.setValue({ convexUrl: "https://a.convex.cloud", clientId: "client_1" });
});

afterEach(() => {
  cleanup();
  for (const stop of stops.splice(0)) stop();
});

const agreement = { agreedAt: 1, version: CONSENT_VERSION };
const open = (auth = authOf()) => render(<Welcome auth={auth} agents={[opencode]} />);

describe("the welcome page", () => {
  it("says where everything goes before anybody agrees", async () => {
    open();
    expect(await screen.findByText("https://a.convex.cloud")).toBeTruthy();
    for (const title of ["What is collected", "Where it goes", "What is never collected"]) {
      expect(screen.getByRole("heading", { name: title })).toBeTruthy();
    }
  });

  it("agrees only by the button", async () => {
    const agree = vi.fn();
    stops.push(
      onMessage("agree", () => {
        agree();
        return consents.setValue({ [NOBODY]: agreement });
      }),
    );
    open();
    await userEvent.click(await screen.findByRole("button", { name: "Not now" }));
    expect(screen.getByText(/Nothing is captured until you agree/)).toBeTruthy();
    expect(agree).not.toHaveBeenCalled();
    await userEvent.click(screen.getByRole("button", { name: "Agree" }));
    expect(await screen.findByText(/You agreed on/)).toBeTruthy();
    expect(agree).toHaveBeenCalledOnce();
  });

  it("asks again when the text has a new version, and another person", async () => {
    await consents.setValue({ [ada.id]: { agreedAt: 1, version: CONSENT_VERSION - 1 } });
    open(authOf({ user: ada }));
    expect(await screen.findByRole("button", { name: "Agree" })).toBeTruthy();
    await act(() => consents.setValue({ user_grace: agreement, [NOBODY]: agreement }));
    expect(screen.getByRole("button", { name: "Agree" })).toBeTruthy();
  });

  it("works without a deployment and a client id, and says what to do", async () => {
    await settings.setValue({ convexUrl: "", clientId: "" });
    open();
    expect(await screen.findByText("There is no Convex deployment yet.")).toBeTruthy();
    expect(screen.getByText("There is no WorkOS client id yet.")).toBeTruthy();
    expect(screen.getAllByRole("button", { name: "Open options" })).toHaveLength(2);
    expect(screen.getByText(/None is set yet/)).toBeTruthy();
  });

  it("shows a returning person what is done", async () => {
    await consents.setValue({ [ada.id]: agreement });
    await agentSwitches.setValue({ [ada.id]: { opencode: { isEnabled: true, origins: [] } } });
    open(authOf({ user: ada }));
    await waitFor(() => expect(screen.getAllByText("(done)")).toHaveLength(3));
    expect(screen.getByText(/All is set/)).toBeTruthy();
    expect(screen.getByText("Ada Lovelace")).toBeTruthy();
  });
});
