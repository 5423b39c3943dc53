import { cleanup, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fakeBrowser } from "wxt/testing/fake-browser";
import type { Answer } from "../../utils/errors";
import { onMessage } from "../../utils/messages";
import {
  agentSwitches,
  captureStatus,
  CONSENT_VERSION,
  consents,
  keepsTemporary,
  profile,
} from "../../utils/storage";
import { AgentList } from "../agents/AgentList";
import { ada, answerPermissions, opencode, anyPage } from "../testing/people";
import { Capture } from "./Capture";
import { Connection } from "./Connection";
import { ConsentSection } from "./ConsentSection";

const stops: (() => void)[] = [];
const ok = { ok: true, value: null } as const;
const saved = { convexUrl: "https://a.convex.cloud", clientId: "client_1" };
const refused = (message: string, next: string): Answer<never> => ({
  ok: false,
  trouble: { code: "deployment-unreachable", message, next, at: 1 },
});

beforeEach(() => fakeBrowser.reset());

afterEach(() => {
  cleanup();
  for (const stop of stops.splice(0)) stop();
});

describe("the agents", () => {
  const setAgent = vi.fn();

  beforeEach(() => {
    setAgent.mockReset();
    stops.push(
      onMessage("setAgent", ({ data }) => {
        setAgent(data);
        return ok;
      }),
    );
  });

  it("cannot be chosen before signing in", () => {
    answerPermissions({ isGranted: false, isAllowed: true });
    render(<AgentList agents={[opencode]} person={null} />);
    expect(screen.getByText("Sign in to choose agents.")).toBeTruthy();
    expect(screen.getByRole("switch", { name: "opencode" })).toHaveProperty("disabled", true);
  });

  it("are switched on after the browser's permission, and off without it", async () => {
    const { asked } = answerPermissions({ isGranted: false, isAllowed: true });
    render(<AgentList agents={[opencode]} person={ada} />);
    const toggle = await screen.findByRole("switch", { name: "opencode" });
    await waitFor(() => expect(toggle).toHaveProperty("disabled", false));
    await userEvent.click(toggle);
    await waitFor(() =>
      expect(setAgent).toHaveBeenCalledWith({ agentId: "opencode", isEnabled: true, origins: [] }),
    );
    expect(asked).toEqual([opencode.origins]);
  });

  it("stay off when the browser is told no", async () => {
    answerPermissions({ isGranted: false, isAllowed: false });
    render(<AgentList agents={[opencode]} person={ada} />);
    const toggle = await screen.findByRole("switch", { name: "opencode" });
    await waitFor(() => expect(toggle).toHaveProperty("disabled", false));
    await userEvent.click(toggle);
    expect((await screen.findByRole("alert")).textContent).toContain("choose Allow");
    expect(setAgent).not.toHaveBeenCalled();
    expect(toggle.getAttribute("aria-checked")).toBe("false");
  });

  it("say when a permission was taken back, and ask again", async () => {
    const { asked } = answerPermissions({ isGranted: false, isAllowed: true });
    await agentSwitches.setValue({ [ada.id]: { opencode: { isEnabled: true, origins: [] } } });
    render(<AgentList agents={[opencode]} person={ada} />);
    await userEvent.click(await screen.findByRole("button", { name: "Allow again" }));
    expect(asked).toEqual([opencode.origins]);
  });

  describe("at another address", () => {
    const recognise = vi.fn<(origin: string) => Answer<{ agentId: string | null }>>();

    beforeEach(() => {
      recognise.mockReset();
      recognise.mockReturnValue({ ok: true, value: { agentId: "opencode" } });
      stops.push(onMessage("recogniseOrigin", ({ data }) => recognise(data.origin)));
    });

    async function add(address: string) {
      render(<AgentList agents={[opencode, anyPage]} person={ada} />);
      const field = screen.getByRole("textbox", { name: "Another address" });
      await waitFor(() => expect(field).toHaveProperty("disabled", false));
      await userEvent.type(field, `${address}{Enter}`);
    }

    it("are asked for, recognised and added", async () => {
      const { asked } = answerPermissions({ isGranted: false, isAllowed: true });
      await agentSwitches.setValue({
        [ada.id]: { opencode: { isEnabled: true, origins: ["https://a.example"] } },
      });
      await add("https://b.example/");
      expect(await screen.findByText(/opencode runs at https:\/\/b.example/)).toBeTruthy();
      expect(asked).toEqual([["https://b.example/*"]]);
      expect(setAgent).toHaveBeenCalledWith({
        agentId: "opencode",
        isEnabled: true,
        origins: ["https://a.example", "https://b.example"],
      });
    });

    it("want an address that is one", async () => {
      const { asked } = answerPermissions({ isGranted: false, isAllowed: true });
      await add("b.example/session/1");
      expect(screen.getByRole("alert").textContent).toContain("Start the address with https://");
      const field = screen.getByRole("textbox", { name: "Another address" });
      expect(field.getAttribute("aria-invalid")).toBe("true");
      expect(asked).toEqual([]);
    });

    it("are not added twice", async () => {
      answerPermissions({ isGranted: true, isAllowed: true });
      await agentSwitches.setValue({ [ada.id]: { opencode: { isEnabled: true, origins: [] } } });
      await add("http://localhost:4096");
      expect(screen.getByRole("alert").textContent).toContain("already belongs to opencode");
    });

    it("where no known agent runs are offered to the generic reader, and captured if that is wanted", async () => {
      const { asked } = answerPermissions({ isGranted: false, isAllowed: true });
      await agentSwitches.setValue({
        [ada.id]: { generic: { isEnabled: true, origins: ["https://a.example"] } },
      });
      recognise.mockReturnValue({ ok: true, value: { agentId: null } });
      await add("https://c.example");
      const capture = await screen.findByRole("button", { name: /with the generic reader/ });
      expect(screen.getByText(/may miss things or guess wrong/)).toBeTruthy();
      expect(setAgent).not.toHaveBeenCalled();
      await userEvent.click(capture);
      expect(await screen.findByText(/The page at https:\/\/c.example is captured/)).toBeTruthy();
      expect(asked.flat()).toContain("https://c.example/*");
      expect(setAgent).toHaveBeenCalledWith({
        agentId: "generic",
        isEnabled: true,
        origins: ["https://a.example", "https://c.example"],
      });
    });

    it("say what may be named", async () => {
      answerPermissions({ isGranted: true, isAllowed: true });
      await add("https://c.example");
      expect(screen.getByText(/Where you run opencode yourself, or any other page/)).toBeTruthy();
    });

    it("need a yes without encryption", async () => {
      const { asked } = answerPermissions({ isGranted: false, isAllowed: true });
      await add("http://agent.lan:4096");
      expect(screen.getByRole("alert").textContent).toContain("not encrypted");
      expect(asked).toEqual([]);
      await userEvent.click(screen.getByRole("button", { name: "Add it anyway" }));
      expect(await screen.findByText(/opencode runs at/)).toBeTruthy();
    });

    it("say what is wrong where no agent runs, and add nothing", async () => {
      answerPermissions({ isGranted: false, isAllowed: true });
      recognise.mockReturnValue(refused("No agent was found there.", "Check the address."));
      await add("https://c.example");
      expect((await screen.findByRole("alert")).textContent).toContain("No agent was found there.");
      expect(setAgent).not.toHaveBeenCalled();
    });

    it("can be removed", async () => {
      answerPermissions({ isGranted: true, isAllowed: true });
      await agentSwitches.setValue({
        [ada.id]: { opencode: { isEnabled: true, origins: ["https://a.example"] } },
      });
      render(<AgentList agents={[opencode]} person={ada} />);
      await userEvent.click(
        await screen.findByRole("button", { name: "Remove https://a.example" }),
      );
      await waitFor(() =>
        expect(setAgent).toHaveBeenCalledWith({
          agentId: "opencode",
          isEnabled: true,
          origins: [],
        }),
      );
    });
  });
});

describe("the connection", () => {
  it("checks the deployment and says what is wrong with it", async () => {
    const answers: Answer<{ version: string }>[] = [
      refused("Nothing answers at this address.", "Check it for typing errors."),
      { ok: true, value: { version: "1" } },
    ];
    const asked: string[] = [];
    stops.push(
      onMessage("checkDeployment", ({ data }) => {
        asked.push(data.convexUrl);
        return answers.shift()!;
      }),
    );
    render(<Connection saved={saved} isSignedIn={false} />);
    const check = screen.getByRole("button", { name: "Check the Deployment URL" });
    await userEvent.click(check);
    expect((await screen.findByRole("alert")).textContent).toContain("Check it for typing errors.");
    await userEvent.click(check);
    expect(await screen.findByText(/This is a Convex deployment/)).toBeTruthy();
    expect(asked).toEqual([saved.convexUrl, saved.convexUrl]);
  });

  it("asks nobody about what cannot be a client id", async () => {
    const check = vi.fn(() => ok);
    stops.push(onMessage("checkClientId", () => check()));
    render(<Connection saved={{ ...saved, clientId: "sk_test_1" }} isSignedIn={false} />);
    await userEvent.click(screen.getByRole("button", { name: "Check the Client id" }));
    expect(screen.getByRole("alert").textContent).toContain("secret API key");
    expect(check).not.toHaveBeenCalled();
  });

  it("survives a background that does not answer", async () => {
    render(<Connection saved={saved} isSignedIn={false} />);
    await userEvent.click(screen.getByRole("button", { name: "Check the Client id" }));
    expect((await screen.findByRole("alert")).textContent).toContain("did not answer");
  });

  it("saves both, tidied, and says what a new client id does", async () => {
    const save = vi.fn();
    stops.push(onMessage("saveSettings", ({ data }) => save(data)));
    render(<Connection saved={saved} isSignedIn />);
    const url = screen.getByRole("textbox", { name: "Deployment URL" });
    await userEvent.clear(url);
    await userEvent.type(url, "https://b.convex.cloud/");
    await userEvent.type(screen.getByRole("textbox", { name: "Client id" }), "23");
    expect(screen.getByText("Saving another client id signs you out.")).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Save" }));
    expect(await screen.findByText("Saved.")).toBeTruthy();
    expect(save).toHaveBeenCalledWith({
      convexUrl: "https://b.convex.cloud",
      clientId: "client_123",
    });
  });

  it("does not save what is wrong", async () => {
    const save = vi.fn();
    stops.push(onMessage("saveSettings", () => save()));
    render(<Connection saved={{ convexUrl: "", clientId: "" }} isSignedIn={false} />);
    expect(screen.queryByRole("alert")).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: "Save" }));
    expect(screen.getAllByRole("alert")).toHaveLength(2);
    expect(save).not.toHaveBeenCalled();
  });
});

describe("capture", () => {
  it("says how many secrets were masked, and has no switch for it", async () => {
    await profile.setValue(ada);
    await captureStatus.setValue({ ...(await captureStatus.getValue()), masked: 12 });
    render(<Capture />);
    expect(
      await screen.findByText("12 secrets were masked before anything was stored."),
    ).toBeTruthy();
    expect(screen.queryByRole("switch", { name: /secret|mask/i })).toBeNull();
  });

  it("keeps temporary chats only for who switches that on", async () => {
    await profile.setValue(ada);
    await keepsTemporary.setValue({ somebody_else: true });
    const set = vi.fn();
    stops.push(onMessage("setKeepsTemporary", ({ data }) => set(data)));
    render(<Capture />);
    const toggle = await screen.findByRole("switch", { name: "Keep temporary chats" });
    expect(toggle.getAttribute("aria-checked")).toBe("false");
    await waitFor(() => expect(toggle).toHaveProperty("disabled", false));
    await userEvent.click(toggle);
    expect(set).toHaveBeenCalledWith({ isKept: true });
    await keepsTemporary.setValue({ [ada.id]: true });
    await waitFor(() => expect(toggle.getAttribute("aria-checked")).toBe("true"));
  });

  it("sends refused messages once more", async () => {
    await profile.setValue(ada);
    await captureStatus.setValue({
      ...(await captureStatus.getValue()),
      refused: 2,
      refusedWhy: "No room.",
    });
    const retry = vi.fn();
    stops.push(onMessage("retryRefused", () => retry()));
    render(<Capture />);
    const notice = await screen.findByText("Convex refused 2 messages.");
    expect(screen.getByText("Its reason: No room.")).toBeTruthy();
    await userEvent.click(within(notice.closest("[role=alert]")!).getByRole("button"));
    await waitFor(() => expect(retry).toHaveBeenCalledOnce());
  });
});

describe("the agreement", () => {
  it("is taken back after asking", async () => {
    await consents.setValue({ [ada.id]: { agreedAt: 1, version: CONSENT_VERSION } });
    const withdraw = vi.fn();
    stops.push(onMessage("withdraw", () => withdraw()));
    render(<ConsentSection consent={{ agreedAt: 1, version: CONSENT_VERSION }} />);
    await userEvent.click(screen.getByRole("button", { name: "Withdraw" }));
    const dialog = screen.getByRole("alertdialog");
    expect(withdraw).not.toHaveBeenCalled();
    await userEvent.click(within(dialog).getByRole("button", { name: "Withdraw" }));
    await waitFor(() => expect(withdraw).toHaveBeenCalledOnce());
  });
});
