import { beforeEach, describe, expect, it } from "vitest";
import { createRegistration, type RegistrationDeps } from "./register";

interface Script {
  id: string;
  matches?: string[];
  world?: string;
}

/** The browser's registry, as far as it matters here; every change is written down. */
function createBrowser() {
  const state = {
    scripts: [] as Script[],
    allowed: new Set<string>(),
    tabs: [] as { id: number; discarded?: boolean }[],
    log: [] as string[],
    queries: [] as unknown[],
    broken: new Set<number>(),
  };
  const deps = {
    scripting: {
      getRegisteredContentScripts: () => Promise.resolve([...state.scripts]),
      registerContentScripts: (scripts: Script[]) => {
        state.log.push(`register ${scripts.map((script) => script.id).join(" ")}`);
        state.scripts.push(...scripts);
        return Promise.resolve();
      },
      unregisterContentScripts: ({ ids }: { ids: string[] }) => {
        state.log.push(`unregister ${ids.join(" ")}`);
        state.scripts = state.scripts.filter((script) => !ids.includes(script.id));
        return Promise.resolve();
      },
      executeScript: ({
        target,
        files,
        world,
      }: {
        target: { tabId: number };
        files: string[];
        world: string;
      }) => {
        if (state.broken.has(target.tabId)) return Promise.reject(new Error("No tab with id."));
        state.log.push(`${world} ${files.join()} in ${target.tabId}`);
        return Promise.resolve([]);
      },
    },
    permissions: {
      contains: ({ origins = [] }: { origins?: string[] }) =>
        Promise.resolve(origins.every((o) => state.allowed.has(o))),
    },
    tabs: {
      query: (query: unknown) => {
        state.queries.push(query);
        return Promise.resolve(state.tabs);
      },
    },
    hasPortsInPatterns: true,
  };
  return { state, deps: deps as unknown as RegistrationDeps };
}

const A = "http://localhost:4096/*";
const B = "https://code.example/*";

let browser: ReturnType<typeof createBrowser>;
beforeEach(() => {
  browser = createBrowser();
  browser.state.allowed = new Set([A, B]);
});

describe("apply", () => {
  it("registers the isolated script before the page's, and does nothing the second time", async () => {
    const registration = createRegistration(browser.deps);
    expect(await registration.apply([A])).toEqual({ missing: [] });
    expect(await registration.apply([A])).toEqual({ missing: [] });
    expect(await createRegistration(browser.deps).apply([A])).toEqual({ missing: [] });
    expect(browser.state.log).toEqual(["register capture tap"]);
    expect(browser.state.scripts).toEqual([
      {
        id: "capture",
        js: ["capture.js"],
        matches: [A],
        world: "ISOLATED",
        runAt: "document_start",
        allFrames: false,
        persistAcrossSessions: true,
      },
      {
        id: "tap",
        js: ["tap.js"],
        matches: [A],
        world: "MAIN",
        runAt: "document_start",
        allFrames: false,
        persistAcrossSessions: true,
      },
    ]);
  });

  it("registers again what an update of the extension cleared, and mends half a registration", async () => {
    const registration = createRegistration(browser.deps);
    await registration.apply([A]);
    browser.state.scripts.pop();
    await registration.apply([A]);
    expect(browser.state.scripts.map((script) => script.id)).toEqual(["capture", "tap"]);
  });

  it("follows changes, and unregisters when nothing is wanted", async () => {
    const registration = createRegistration(browser.deps);
    await registration.apply([A]);
    await registration.apply([B, A]);
    expect(browser.state.scripts[0]?.matches).toEqual([A, B]);
    await registration.apply([]);
    expect(browser.state.scripts).toEqual([]);
    await registration.apply([]);
    expect(browser.state.log).toEqual([
      "register capture tap",
      "unregister capture tap",
      "register capture tap",
      "unregister capture tap",
    ]);
  });

  it("leaves out what the browser does not permit, and says so", async () => {
    browser.state.allowed.delete(B);
    const registration = createRegistration(browser.deps);
    expect(await registration.apply([A, B])).toEqual({ missing: [B] });
    expect(browser.state.scripts[0]?.matches).toEqual([A]);
    browser.state.allowed.clear();
    expect(await registration.apply([A, B])).toEqual({ missing: [A, B] });
    expect(browser.state.scripts).toEqual([]);
  });

  it("runs calls one after the other, also after one that failed", async () => {
    const { deps } = browser;
    const registration = createRegistration(deps);
    const real = deps.permissions.contains;
    deps.permissions.contains = () => Promise.reject(new Error("The browser is busy."));
    const failing = registration.apply([A]);
    await expect(failing).rejects.toThrow("busy");
    deps.permissions.contains = real;
    await Promise.all([registration.apply([A]), registration.apply([A]), registration.apply([B])]);
    expect(browser.state.scripts.map((script) => script.matches)).toEqual([[B], [B]]);
  });

  it("strips ports where patterns cannot hold them", async () => {
    browser.state.allowed = new Set(["http://localhost/*"]);
    const registration = createRegistration({ ...browser.deps, hasPortsInPatterns: false });
    expect(await registration.apply([A, "http://localhost:5000/*"])).toEqual({ missing: [] });
    expect(browser.state.scripts[0]?.matches).toEqual(["http://localhost/*"]);
  });
});

describe("inject", () => {
  it("puts both scripts into open tabs, the isolated one first, and passes over tabs that are gone", async () => {
    browser.state.tabs = [{ id: 1 }, { id: 2 }, { id: 3, discarded: true }];
    browser.state.broken.add(2);
    expect(await createRegistration(browser.deps).inject([A])).toBe(1);
    expect(browser.state.queries).toEqual([{ url: [A] }]);
    expect(browser.state.log).toEqual(["ISOLATED /capture.js in 1", "MAIN /tap.js in 1"]);
  });

  it("asks for no tabs without a permission", async () => {
    browser.state.allowed.clear();
    expect(await createRegistration(browser.deps).inject([A])).toBe(0);
    expect(browser.state.queries).toEqual([]);
  });
});
