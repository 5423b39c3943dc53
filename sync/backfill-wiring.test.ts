// @vitest-environment node
import "fake-indexeddb/auto";
import { beforeEach, expect, it } from "vitest";
import { fakeBrowser } from "wxt/testing/fake-browser";
import { agentSwitches, consents, CONSENT_VERSION, isPaused } from "../utils/storage";
import { type BackfillWiring, registerBackfill } from "./backfill-wiring";
import { openDatabase } from "./database";

let person: string | null;
let isPermitted: boolean;

const unused = () => {
  throw new Error("Nothing is to be asked or kept.");
};

beforeEach(async () => {
  fakeBrowser.reset();
  person = "user_me";
  isPermitted = true;
  await consents.setValue({ user_me: { agreedAt: 1, version: CONSENT_VERSION } });
  await agentSwitches.setValue({ user_me: { opencode: { isEnabled: true, origins: [] } } });
});

// Once, as in the background: messages have one listener each.
const backfill = registerBackfill({
  getDatabase: openDatabase,
  getPerson: () => Promise.resolve(person),
  getDeployment: () => Promise.resolve("https://a.convex.cloud"),
  sourceOf: () => ({ list: unused, readList: unused, load: unused }),
  read: unused,
  readBadList: unused,
  originsOf: () => ["http://localhost:4096"],
  isPermitted: () => Promise.resolve(isPermitted),
  observing: {} as BackfillWiring["observing"],
  pauseMs: { least: 1, most: 1 },
});

const start = (origin?: string) => backfill.wish("opencode", "start", origin);

it.each([
  ["is signed out", () => void (person = null), /signed out/],
  ["is somebody else", () => void (person = "user_you"), /signed out or have not agreed/],
  ["has not agreed", () => consents.setValue({}), /have not agreed/],
  ["has paused capture", () => isPaused.setValue(true), /Capture is paused/],
  ["has switched the agent off", () => agentSwitches.setValue({}), /switched off/],
  ["has given no permission", () => void (isPermitted = false), /does not let the extension read/],
])("nothing begins while the person %s, and they are told why", async (_, change, words) => {
  await change();
  const answer = await start();
  expect(answer).toMatchObject({
    ok: false,
    trouble: { message: expect.stringMatching(words) as string },
  });
  expect(await fakeBrowser.alarms.getAll()).toEqual([]);
});

it("nothing begins at an address that is not the agent's", async () => {
  expect(await start("https://elsewhere.example")).toMatchObject({ ok: false });
});
