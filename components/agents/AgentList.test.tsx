import { act, cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fakeBrowser } from "wxt/testing/fake-browser";
import { agents as all } from "../../agents";
import { onMessage } from "../../utils/messages";
import { agentSwitches, drift, type AgentDrift } from "../../utils/storage";
import { ada, answerPermissions, anyPage, opencode } from "../testing/people";
import { AgentList } from "./AgentList";
import { ChangedAgents } from "./ChangedAgents";

// Under load a machine may take many times what this needs.
vi.setConfig({ testTimeout: 60_000 });

const stops: (() => void)[] = [];
const on = { isEnabled: true, origins: [] };
const switches = (mine: Record<string, typeof on | { isEnabled: boolean; origins: string[] }>) =>
  agentSwitches.setValue({ [ada.id]: mine });

beforeEach(() => {
  fakeBrowser.reset();
  answerPermissions({ isGranted: true, isAllowed: true });
});

afterEach(() => {
  cleanup();
  for (const stop of stops.splice(0)) stop();
});

const open = (agents = all) => render(<AgentList agents={[...agents]} person={ada} />);
const names = (group: string) =>
  within(screen.getByRole("list", { name: group }))
    .getAllByRole("switch")
    .map((toggle) => toggle.getAttribute("id"))
    .map((id) => document.querySelector(`label[for="${id}"]`)?.textContent);

describe("the list of agents", () => {
  it("has every agent once, under the heading of its kind, in the order of names", async () => {
    open();
    await waitFor(() => expect(screen.getAllByRole("switch")[0]).toHaveProperty("disabled", false));
    for (const [kind, title] of [
      ["chat", "Chats"],
      ["coding", "Coding agents"],
      ["self-hosted", "Self-hosted"],
    ]) {
      expect(screen.getByRole("heading", { level: 3, name: title })).toBeTruthy();
      const own = all.filter((agent) => agent.kind === kind).map(({ name }) => name);
      expect(names(title!)).toEqual(
        own.sort((a, b) => a.localeCompare(b, "en", { sensitivity: "base" })),
      );
    }
  });

  it("finds by name, by address and by what the person named, and says how many", async () => {
    await switches({ opencode: { isEnabled: true, origins: ["https://box.example"] } });
    open();
    const field = screen.getByRole("searchbox", { name: "Find an agent" });
    const found = () => screen.getAllByRole("switch").map((one) => one.getAttribute("id")).length;
    fireEvent.change(field, { target: { value: "deepSEEK" } });
    expect(found()).toBe(1);
    expect(screen.getByText("1 agent found.")).toBeTruthy();
    fireEvent.change(field, { target: { value: "gemini.google" } });
    expect(screen.getByRole("switch", { name: "Gemini" })).toBeTruthy();
    fireEvent.change(field, { target: { value: "box.example" } });
    await waitFor(() => expect(screen.getByRole("switch", { name: "opencode" })).toBeTruthy());
    expect(found()).toBe(1);
    fireEvent.change(field, { target: { value: "nobody" } });
    expect(screen.queryAllByRole("switch")).toEqual([]);
    expect(screen.getByText(/No agent is found/)).toBeTruthy();
    expect(screen.getByRole("textbox", { name: "Another address" })).toBeTruthy();
  });

  it("says which are on, and shows only those when asked", async () => {
    await switches({ chatgpt: on, claude: on, gemini: { isEnabled: false, origins: [] } });
    open();
    expect(await screen.findByText(`2 of ${all.length} on: ChatGPT and Claude.`)).toBeTruthy();
    const only = screen.getByRole("button", { name: "Only those on" });
    await userEvent.click(only);
    expect(only.getAttribute("aria-pressed")).toBe("true");
    expect(screen.getAllByRole("switch")).toHaveLength(2);
  });

  it("needs no search for a few", () => {
    open([opencode as never]);
    expect(screen.queryByRole("searchbox")).toBeNull();
  });

  it("has a switch for any page only where one is named", async () => {
    const setAgent = vi.fn();
    stops.push(
      onMessage("setAgent", ({ data }) => {
        setAgent(data);
        return { ok: true, value: null } as const;
      }),
    );
    open([anyPage as never]);
    expect(screen.getByText(/Add the address of the page below/)).toBeTruthy();
    expect(screen.queryByRole("switch")).toBeNull();
    await act(() => switches({ generic: { isEnabled: true, origins: ["https://a.example"] } }));
    expect(await screen.findByRole("switch", { name: "Any page" })).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Remove https://a.example" }));
    await waitFor(() =>
      expect(setAgent).toHaveBeenCalledWith({ agentId: "generic", isEnabled: false, origins: [] }),
    );
  });

  it("asks for no permission where the named origin is permitted and the usual ones are not", async () => {
    answerPermissions({ isGranted: ["http://127.0.0.1:5000/*"], isAllowed: true });
    await switches({ opencode: { isEnabled: true, origins: ["http://127.0.0.1:5000"] } });
    open([opencode as never]);
    await screen.findByText("http://127.0.0.1:5000");
    await waitFor(() => expect(screen.getByRole("switch")).toHaveProperty("disabled", false));
    expect(screen.queryByRole("button", { name: "Allow again" })).toBeNull();
    await act(() =>
      switches({ opencode: { isEnabled: true, origins: ["http://127.0.0.1:6000"] } }),
    );
    expect(await screen.findByRole("button", { name: "Allow again" })).toBeTruthy();
  });
});

describe("an agent that has changed", () => {
  const since = new Date(2026, 10, 18).getTime();
  const problem = { tap: "messages", kinds: [], since, version: "1" };
  const changed: AgentDrift = {
    problems: [
      { ...problem, kind: "unplaced" },
      { ...problem, kind: "unknown-part", kinds: ["widget"], since: since + 86_400_000 },
    ],
    dismissedKinds: [],
    kept: 2,
  };

  it("says since when, what it means, what is kept and what to do", async () => {
    await drift.setValue({ [ada.id]: { opencode: changed } });
    open([opencode as never]);
    const notice = await screen.findByRole("alert");
    const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" }).format(since);
    expect(notice.textContent).toContain(`opencode changed on ${day}.`);
    expect(notice.textContent).toContain("what only they hold is not saved");
    expect(notice.textContent).toContain("saved as they came: widget.");
    expect(notice.textContent).toContain("2 answers that could not be read are kept");
    expect(notice.textContent).toContain("Look for an update");
  });

  it("shows its report as text to copy, and sends nothing", async () => {
    stops.push(onMessage("getDriftReport", ({ data }) => `Report on ${data.agentId}\n- shape`));
    await drift.setValue({ [ada.id]: { opencode: changed } });
    open([opencode as never]);
    const user = userEvent.setup();
    await user.click(await screen.findByRole("button", { name: "Show report" }));
    const report = await screen.findByRole("region", { name: "Report on opencode" });
    expect(report.textContent).toBe("Report on opencode\n- shape");
    await user.click(screen.getByRole("button", { name: "Copy" }));
    expect(await navigator.clipboard.readText()).toBe("Report on opencode\n- shape");
    await user.click(screen.getByRole("button", { name: "Hide report" }));
    expect(screen.queryByRole("region", { name: "Report on opencode" })).toBeNull();
  });

  it("is dismissed, and its kept answers are deleted, by a button", async () => {
    const done: string[] = [];
    stops.push(
      onMessage("dismissDrift", ({ data }) => void done.push(`dismiss ${data.agentId}`)),
      onMessage("deleteKeptAnswers", ({ data }) => void done.push(`delete ${data.agentId}`)),
    );
    await drift.setValue({ [ada.id]: { opencode: changed } });
    open([opencode as never]);
    await userEvent.click(await screen.findByRole("button", { name: "Delete the kept answers" }));
    await waitFor(() => expect(done).toEqual(["delete opencode"]));
    await userEvent.click(screen.getByRole("button", { name: "Dismiss that opencode changed" }));
    await waitFor(() => expect(done).toEqual(["delete opencode", "dismiss opencode"]));
  });

  it("that is read again only says what is kept", async () => {
    await drift.setValue({ [ada.id]: { opencode: { ...changed, problems: [], kept: 1 } } });
    open([opencode as never]);
    expect(await screen.findByText(/^1 answer that could not be read is kept/)).toBeTruthy();
    expect(screen.queryByRole("alert")).toBeNull();
    expect(screen.getByRole("button", { name: "Delete the kept answer" })).toBeTruthy();
  });

  it("is told of in short in the popup, several by their names", () => {
    const openOptions = vi.fn();
    const props = { agents: [opencode, anyPage], onOpenOptions: openOptions };
    const { rerender } = render(<ChangedAgents {...props} drifts={{ opencode: changed }} />);
    expect(screen.getByRole("alert").textContent).toContain("opencode changed on");
    rerender(<ChangedAgents {...props} drifts={{ opencode: changed, generic: changed }} />);
    expect(screen.getByRole("alert").textContent).toContain("opencode and Any page changed.");
    rerender(<ChangedAgents {...props} drifts={{ opencode: { ...changed, problems: [] } }} />);
    expect(screen.queryByRole("alert")).toBeNull();
  });
});
