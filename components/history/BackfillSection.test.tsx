import { cleanup, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fakeBrowser } from "wxt/testing/fake-browser";
import type { BackfillStatus, BackfillWish } from "../../utils/backfill-run";
import type { Answer } from "../../utils/errors";
import { onMessage } from "../../utils/messages";
import { agentSwitches, backfills } from "../../utils/storage";
import { ada, opencode } from "../testing/people";
import { BackfillSection } from "./BackfillSection";
import { aboutTime } from "./backfill-words";

const status: BackfillStatus = {
  ...{
    state: "running",
    origin: "http://127.0.0.1:5001",
    isListing: false,
    listed: 2000,
    listTotal: 2000,
  },
  ...{ total: 1208, fetched: 340, failed: 2, unchanged: 792 },
  ...{ waitsUntil: null, msLeft: 9 * 60_000, hasOwnTab: false, trouble: null, endedAt: null },
};
const agents = [
  { ...opencode, history: {} },
  { ...opencode, id: "chatgpt", name: "ChatGPT", history: {} },
  { ...opencode, id: "poe", name: "Poe" },
];

let wishes: [string, BackfillWish][];
let answer: Answer;
let stopListening: () => void;

beforeEach(() => {
  fakeBrowser.reset();
  wishes = [];
  answer = { ok: true, value: null };
  stopListening = onMessage("backfill", ({ data }) => {
    wishes.push([data.agentId, data.wish]);
    return answer;
  });
});
afterEach(() => {
  cleanup();
  stopListening();
});

async function show(given: Partial<BackfillStatus> | null, isEnabled = true): Promise<HTMLElement> {
  const isOn = { isEnabled, origins: [] };
  await agentSwitches.setValue({ [ada.id]: { opencode: isOn, poe: isOn } });
  if (given) await backfills.setValue({ [ada.id]: { opencode: { ...status, ...given } } });
  render(<BackfillSection agents={agents} personId={ada.id} />);
  return screen.findByRole("listitem", { name: "opencode" });
}

it("lists the agents that are on and can be asked, each with a button that starts it", async () => {
  const row = await show(null);
  expect(screen.getAllByRole("listitem")).toHaveLength(1);
  expect(within(row).queryByRole("progressbar")).toBeNull();
  await userEvent.click(within(row).getByRole("button", { name: "Fetch: opencode" }));
  expect(wishes).toEqual([["opencode", "start"]]);
  await backfills.setValue({ [ada.id]: { opencode: status } });
  const pause = await within(row).findByRole("button", { name: "Pause: opencode" });
  expect(document.activeElement).toBe(pause);
});

it("shows how far it is, how long it takes, and what was left out", async () => {
  const row = await show({ hasOwnTab: true });
  expect(within(row).getByText("342 of 1,208, about 9 minutes")).toBeTruthy();
  expect(within(row).getByText("792 sessions unchanged since the last time.")).toBeTruthy();
  expect(within(row).getByText(/2 sessions could not be fetched/)).toBeTruthy();
  expect(within(row).getByText(/a tab that was opened in the background/)).toBeTruthy();
  expect(within(row).getByRole("progressbar")).toMatchObject({ value: 342, max: 1208 });
  await userEvent.click(within(row).getByRole("button", { name: "Pause: opencode" }));
  await userEvent.click(within(row).getByRole("button", { name: "Stop: opencode" }));
  expect(wishes.map(([, wish]) => wish)).toEqual(["pause", "stop"]);
});

it("shows the list being read, and the site's wish to wait", async () => {
  const row = await show({ isListing: true, listed: 60, listTotal: 1208, msLeft: null });
  expect(within(row).getByText("Reading the site's list: 60 of 1,208 so far")).toBeTruthy();
  await backfills.setValue({
    [ada.id]: { opencode: { ...status, waitsUntil: Date.now() + 600_000 } },
  });
  expect(await within(row).findByText(/^The site asked to wait until .*by itself\.$/)).toBeTruthy();
});

it("says why it has paused, and goes on when asked", async () => {
  const words = { message: "The site does not show your sessions now.", next: "Sign in there." };
  const trouble = { code: "backfill-paused" as const, ...words, at: 1 };
  const row = await show({ state: "paused", trouble });
  expect(within(row).getByText("342 of 1,208 · paused")).toBeTruthy();
  expect(within(row).getByText("Sign in there.")).toBeTruthy();
  await userEvent.click(within(row).getByRole("button", { name: "Continue: opencode" }));
  expect(wishes).toEqual([["opencode", "continue"]]);
});

it("says what came of it, also of nothing new", async () => {
  const row = await show({ state: "done", total: 5, fetched: 4, failed: 1, endedAt: Date.now() });
  expect(within(row).getByRole("status").textContent).toBe("4 sessions fetched. · now");
  const nothing = { state: "done" as const, total: 0, fetched: 0, failed: 0 };
  await backfills.setValue({ [ada.id]: { opencode: { ...status, ...nothing } } });
  expect(await within(row).findByText("Nothing has changed since the last time.")).toBeTruthy();
  expect(within(row).getByRole("button", { name: "Fetch again: opencode" })).toBeTruthy();
});

it("lets the person say which of several servers is asked", async () => {
  const origins = ["http://127.0.0.1:5001", "https://code.example"];
  await agentSwitches.setValue({ [ada.id]: { opencode: { isEnabled: true, origins } } });
  render(<BackfillSection agents={agents} personId={ada.id} />);
  const row = await screen.findByRole("listitem", { name: "opencode" });
  const choice = within(row).getByRole("combobox", { name: "Address of opencode" });
  expect(choice).toHaveProperty("value", origins[0]);
  await userEvent.selectOptions(choice, origins[1]!);
  const heard: unknown[] = [];
  stopListening();
  stopListening = onMessage("backfill", ({ data }) => {
    heard.push(data);
    return answer;
  });
  await userEvent.click(within(row).getByRole("button", { name: "Fetch: opencode" }));
  expect(heard).toEqual([{ agentId: "opencode", wish: "start", origin: origins[1] }]);
});

it("tells why it could not be started", async () => {
  const words = { message: "You are signed out.", next: "Sign in." };
  answer = { ok: false, trouble: { code: "backfill-paused", ...words, at: 1 } };
  const row = await show(null);
  await userEvent.click(within(row).getByRole("button", { name: "Fetch: opencode" }));
  expect(await within(row).findByText("You are signed out.")).toBeTruthy();
});

describe("an agent that is switched off", () => {
  it("can only be stopped", async () => {
    const row = await show({ state: "paused" }, false);
    expect(within(row).getByRole("button", { name: "Continue: opencode" })).toHaveProperty(
      "disabled",
      true,
    );
    await userEvent.click(within(row).getByRole("button", { name: "Stop: opencode" }));
    expect(wishes).toEqual([["opencode", "stop"]]);
  });

  it("is named where nothing else can be asked", async () => {
    render(<BackfillSection agents={agents} personId={ada.id} />);
    expect(await screen.findByText(/opencode, ChatGPT\.$/)).toBeTruthy();
    await waitFor(() => expect(screen.queryByRole("list")).toBeNull());
  });
});

it.each([
  [20_000, "less than a minute"],
  [61_000, "about 1 minute"],
  [9 * 60_000, "about 9 minutes"],
  [150 * 60_000, "about 3 hours"],
])("tells %i ms as %s", (ms, words) => expect(aboutTime(ms)).toBe(words));
