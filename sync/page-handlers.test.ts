// @vitest-environment node
import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { fakeBrowser } from "wxt/testing/fake-browser";
import type { ProtocolMap } from "../utils/messages";
import {
  agentSwitches,
  captureStatus,
  secretMasks,
  consents,
  CONSENT_VERSION,
  drift as driftItem,
  isPaused,
  keepsTemporary,
  NOBODY,
  settings,
  toldAccount,
} from "../utils/storage";
import { adoptConsent, hasConsent } from "./consents";
import { openDatabase, type SyncDatabase } from "./database";
import { Drift } from "./drift";
import { createLife } from "./life";
import { addCaptured, countOutbox, peekBatch } from "./outbox";
import { registerPageHandlers } from "./page-handlers";
import { parkBatch } from "./settle";
import { Status } from "./status";
import { readSwitches } from "./switches";
import { captured, message } from "./testing/readings";
import { MemoryServer } from "./testing/server";
import { World } from "./testing/worker";

// Under load a machine may take many times what this needs.
vi.setConfig({ testTimeout: 60_000 });
const PATIENT = { timeout: 30_000 };

let database: SyncDatabase;
let person: string | null;
let lacking: string[];
/** What was brought in line: "scripts", or who was told to the deployment. */
let applied: string[];
let server: MemoryServer;
let life: ReturnType<typeof createLife>;
let page: typeof fetch;
const world = new World();

const OWN_PAGE = {
  id: "test-extension-id",
  url: "chrome-extension://test-extension-id/options.html",
};

/** Sends a message as the browser delivers it, from one of the extension's own pages or from where else it is said. */
function send<Name extends keyof ProtocolMap>(
  type: Name,
  data?: Parameters<ProtocolMap[Name]>[0],
  sender: object = OWN_PAGE,
): Promise<ReturnType<ProtocolMap[Name]>> {
  return new Promise((resolve, reject) => {
    const respond = ({ res, err }: { res: never; err?: { message: string } }) =>
      err ? reject(new Error(err.message)) : resolve(res);
    const message = { id: 1, type, data, timestamp: 1 };
    void fakeBrowser.runtime.onMessage.trigger(message, sender as never, respond as never);
  });
}

/** A background whose browser and network are in the test's hands. */
function startBackground(): void {
  const getDatabase = () => Promise.resolve(database);
  const getPerson = () => Promise.resolve(person);
  const getActive = async () =>
    person !== null && (await hasConsent(person)) && !(await isPaused.getValue()) ? person : null;
  const status = new Status({
    getDatabase,
    getPerson,
    item: captureStatus,
    secretMasks,
    drift: driftItem,
    showBadge: () => Promise.resolve(),
    now: () => 1,
  });
  const drain = world.startWorker(getDatabase, (_url, batch) =>
    Promise.resolve({ kind: "stored", results: server.record(batch) }),
  );
  life = createLife({
    getActive,
    getDeployment: () => Promise.resolve(world.deployment),
    updateScripts: () => {
      applied.push("scripts");
      return Promise.resolve(lacking);
    },
    provision: (_url, owner) => {
      applied.push(owner);
      return Promise.resolve({ kind: "done", value: null });
    },
    status,
    drain,
    told: toldAccount,
  });
  registerPageHandlers({
    getDatabase,
    getPerson,
    agents: [
      { id: "hosted", selfHosted: { path: "/health", isRecognised: isHosted } },
      { id: "other" },
    ],
    life,
    status,
    drift: new Drift({
      getDatabase,
      item: driftItem,
      isWanted: () => Promise.resolve(true),
      redact: (answer) => Promise.resolve(answer),
      shapeOf: () => "its shape",
      agentOf: (id) => ({ id, name: "Hosted", taps: [], facts: [] }),
      version: "1",
      onChange: () => status.refresh(),
      now: () => 7,
    }),
    drain,
    readPage: () => Promise.resolve({ agent: null, state: "no-agent", session: null }),
    fetch: (input, init) => page(input, init),
    now: () => 7,
  });
}

const isHosted = (body: unknown) => (body as { hosted?: boolean }).hosted === true;

// Once: a context can listen for a message only once.
beforeAll(startBackground);

beforeEach(async () => {
  fakeBrowser.storage.resetState();
  globalThis.indexedDB = new IDBFactory();
  database = await openDatabase();
  [person, lacking, applied] = ["user_me", [], []];
  server = new MemoryServer();
  Object.assign(world, new World());
});

describe("a message", () => {
  it.each([
    ["a page", { id: OWN_PAGE.id, url: "http://localhost:4096/", tab: { id: 1 } }],
    ["another extension", { id: "other", url: "chrome-extension://other/options.html" }],
    ["nobody in particular", {}],
  ])("from %s is not answered", async (_who, sender) => {
    await expect(send("setPaused", { isPaused: true }, sender)).rejects.toThrow("own pages");
    await expect(send("withdraw", undefined, sender)).rejects.toThrow("own pages");
    expect(await isPaused.getValue()).toBe(false);
  });
});

describe("agreeing", () => {
  const consent = { agreedAt: 7, version: CONSENT_VERSION };

  it("is the person's own, and starts capture", async () => {
    await send("agree");
    expect(await consents.getValue()).toEqual({ user_me: consent });
    await expect.poll(() => applied, PATIENT).toEqual(["scripts", "user_me"]);
  });

  it("before signing in passes to the first person who then signs in, and to no other", async () => {
    person = null;
    await send("agree");
    expect(await consents.getValue()).toEqual({ [NOBODY]: consent });
    person = "user_me";
    await life.arrive({ id: "user_me", email: "me@a.test" });
    expect(await consents.getValue()).toEqual({ user_me: consent });
    await adoptConsent("user_you");
    expect(await hasConsent("user_you")).toBe(false);
  });

  it("to an older disclosure does not count", async () => {
    await consents.setValue({ user_me: { agreedAt: 1, version: CONSENT_VERSION - 1 } });
    expect(await hasConsent("user_me")).toBe(false);
  });

  it("ends when it is withdrawn, also what was given before signing in", async () => {
    await consents.setValue({ user_me: consent, user_you: consent, [NOBODY]: consent });
    await send("withdraw");
    expect(await consents.getValue()).toEqual({ user_you: consent });
    expect(applied).toEqual(["scripts"]);
  });
});

describe("switching an agent", () => {
  const wish = { agentId: "hosted", isEnabled: true, origins: ["http://10.0.0.5:4096"] };

  it("is the person's own, and kept when they come back", async () => {
    expect(await send("setAgent", wish)).toEqual({ ok: true, value: null });
    const { isEnabled, origins } = wish;
    expect(await agentSwitches.getValue()).toEqual({
      user_me: { hosted: { isEnabled, origins } },
    });
    expect(await readSwitches("user_you")).toEqual({});
    expect(await readSwitches(null)).toEqual({});
  });

  it("loses nothing when two switches are set at once", async () => {
    await Promise.all([
      send("setAgent", wish),
      send("setAgent", { agentId: "other", isEnabled: true, origins: [] }),
    ]);
    expect(Object.keys(await readSwitches("user_me")).sort()).toEqual(["hosted", "other"]);
  });

  it("says when the browser gives no permission", async () => {
    lacking = ["hosted"];
    expect(await send("setAgent", wish)).toMatchObject({
      ok: false,
      trouble: { code: "permission-missing" },
    });
  });

  it("needs somebody who is signed in", async () => {
    person = null;
    expect(await send("setAgent", wish)).toMatchObject({
      ok: false,
      trouble: { code: "sign-in-needed" },
    });
    expect(await agentSwitches.getValue()).toEqual({});
  });

  it.each([
    { ...wish, agentId: "unknown" },
    { ...wish, origins: ["http://10.0.0.5:4096/path"] },
    { ...wish, origins: ["*://*/*"] },
    { ...wish, origins: ["javascript:alert(1)"] },
  ])("refuses what is no agent or no origin: %o", async (odd) => {
    await expect(send("setAgent", odd)).rejects.toThrow();
    expect(await agentSwitches.getValue()).toEqual({});
  });
});

describe("pausing", () => {
  it("stops sending, and resuming sends what waits", async () => {
    await send("agree");
    await send("setPaused", { isPaused: true });
    expect(await isPaused.getValue()).toBe(true);
    await addCaptured(database, "user_me", world.deployment, captured("s", [message("1")]));
    await send("setPaused", { isPaused: false });
    await expect.poll(() => server.arrivals, PATIENT).toEqual(["user_me/s/1"]);
  });
});

describe("temporary chats", () => {
  it("are kept for who wants them, and only for them", async () => {
    await send("setKeepsTemporary", { isKept: true });
    expect(await keepsTemporary.getValue()).toEqual({ user_me: true });
    await keepsTemporary.setValue({ user_me: true, user_you: true });
    await send("setKeepsTemporary", { isKept: false });
    expect(await keepsTemporary.getValue()).toEqual({ user_me: false, user_you: true });
  });
});

describe("saving settings", () => {
  it("brings the URL to its form and tries to send at once", async () => {
    await send("agree");
    world.backoff = { failures: 3, functionFailures: 0, notBefore: world.now + 1000 };
    const next = { convexUrl: " https://b.convex.cloud/ ", clientId: " client_1 " };
    await send("saveSettings", next);
    expect(await settings.getValue()).toEqual({
      convexUrl: "https://b.convex.cloud",
      clientId: "client_1",
    });
    await expect.poll(() => world.backoff.failures, PATIENT).toBe(0);
  });
});

describe("retrying", () => {
  it("sends refused messages once more", async () => {
    await addCaptured(database, "user_me", world.deployment, captured("s", [message("1")]));
    await parkBatch(database, (await peekBatch(database, "user_me"))!, "No.");
    await send("retryRefused");
    expect(server.arrivals).toEqual(["user_me/s/1"]);
    expect(await countOutbox(database, "user_me")).toMatchObject({ waiting: 0, refused: 0 });
  });

  it("now does not wait for the back-off", async () => {
    await addCaptured(database, "user_me", world.deployment, captured("s", [message("1")]));
    world.backoff = { failures: 3, functionFailures: 0, notBefore: world.now + 1000 };
    await send("retryNow");
    expect(server.arrivals).toEqual(["user_me/s/1"]);
  });
});

describe("naming an origin", () => {
  const ask = () => send("recogniseOrigin", { origin: "http://10.0.0.5:4096" });

  it("finds the agent that runs there", async () => {
    page = (input) =>
      Promise.resolve(
        String(input) === "http://10.0.0.5:4096/health"
          ? Response.json({ hosted: true })
          : new Response("", { status: 404 }),
      );
    expect(await ask()).toEqual({ ok: true, value: { agentId: "hosted" } });
  });

  it.each([
    ["something else", () => Promise.resolve(Response.json({}))],
    ["no JSON", () => Promise.resolve(new Response("<html>"))],
  ])("says that %s runs there", async (_what, answer) => {
    page = answer;
    expect(await ask()).toEqual({ ok: true, value: { agentId: null } });
  });

  it("says that nothing answers there", async () => {
    page = () => Promise.reject(new TypeError("Failed to fetch"));
    expect(await ask()).toMatchObject({
      ok: false,
      trouble: { message: expect.stringContaining("Nothing answers") as string },
    });
  });
});

describe("signing out", () => {
  it("forgets what the deployment was told and the person's troubles, and keeps what waits", async () => {
    await send("agree");
    await addCaptured(database, "user_me", world.deployment, captured("s", [message("1")]));
    await toldAccount.setValue({ user: "x", agents: "y" });
    person = null;
    world.person = null;
    await life.leave();
    expect(await toldAccount.getValue()).toEqual({ user: "", agents: "" });
    expect(await captureStatus.getValue()).toMatchObject({ waiting: 0, waitingForOthers: 1 });
    expect(Object.keys(await consents.getValue())).toEqual(["user_me"]);
  });
});
