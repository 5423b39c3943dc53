import { cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, it } from "vitest";
import { fakeBrowser } from "wxt/testing/fake-browser";
import type { ImportBatch, ImportListener, StartImport } from "../../utils/import-run";
import type { Answer } from "../../utils/errors";
import { onMessage } from "../../utils/messages";
import { opencode } from "../testing/people";
import { ImportSection } from "./ImportSection";

const batch: ImportBatch = { agentId: "chatgpt", readings: [{}] };
const report = { path: "export.zip: conversations.json", agentName: "ChatGPT", problem: null };
let listener: ImportListener;
let files: File[];
let isEnded: boolean;
let answer: Answer<{ added: number; known: number }>;
let stopListening: () => void;

const startImport: StartImport = (chosen, heard) => {
  files = chosen;
  listener = heard;
  return () => (isEnded = true);
};

beforeEach(() => {
  fakeBrowser.reset();
  isEnded = false;
  answer = { ok: true, value: { added: 40, known: 2 } };
  stopListening = onMessage("importReadings", () => answer);
});
afterEach(() => {
  cleanup();
  stopListening();
});

async function choose() {
  render(<ImportSection agents={[{ ...opencode, imports: [] }]} startImport={startImport} />);
  const input = screen.getByLabelText("Choose export files");
  await userEvent.upload(input, new File(["x".repeat(2048)], "export.zip"));
}

it("shows how far it is, then what came of it and what was skipped and why", async () => {
  await choose();
  expect(files.map(({ name }) => name)).toEqual(["export.zip"]);
  listener.onProgress(1024);
  await listener.onBatch(batch);
  expect(await screen.findByText(/1\.0 KB of 2\.0 KB, 42 messages/)).toBeTruthy();
  expect(screen.getByRole("progressbar")).toHaveProperty("value", 1024);
  listener.onFile({ ...report, sessions: 3, empty: 1, unrecognised: 2 });
  const counts = { sessions: 0, empty: 0, unrecognised: 0 };
  listener.onFile({ path: "user.json", agentName: null, ...counts, problem: "No sessions here." });
  listener.onDone(null);
  expect(await screen.findByText("3 sessions: 40 new messages, 2 already there.")).toBeTruthy();
  expect(
    screen.getByText("ChatGPT: 3 sessions; 1 without messages; 2 entries not recognised"),
  ).toBeTruthy();
  expect(screen.getByText("1 file skipped")).toBeTruthy();
  expect(screen.getByText("No sessions here.")).toBeTruthy();
  expect(screen.queryByRole("progressbar")).toBeNull();
});

it("stops when asked, and keeps what came before", async () => {
  await choose();
  await listener.onBatch(batch);
  listener.onFile({ ...report, sessions: 3, empty: 0, unrecognised: 0 });
  await userEvent.click(screen.getByRole("button", { name: "Stop" }));
  expect(isEnded).toBe(true);
  expect(screen.getByText(/What was read until then stays/)).toBeTruthy();
});

it("ends when nothing more can be stored, and says why", async () => {
  await choose();
  const words = { message: "The browser has no room left.", next: "Free disk space." };
  answer = { ok: false, trouble: { code: "storage-full", ...words, at: 1 } };
  await expect(listener.onBatch(batch)).rejects.toThrow();
  expect(await screen.findByText("The browser has no room left.")).toBeTruthy();
});

it("says that it found nothing", async () => {
  await choose();
  listener.onDone(null);
  expect(await screen.findByText("No sessions were found, so nothing was imported.")).toBeTruthy();
});
