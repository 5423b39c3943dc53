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

/** The traffic is wanted on these patterns, and no page's elements. */
const on = (...patterns: string[]) => ({ traffic: traffic(...patterns), readers: [] });
const traffic = (...patterns: string[]) =>
  patterns.length > 0 ? [{ agentId: "opencode", patterns }] : [];

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
    expect(await registration.apply(on(A))).toEqual({ missing: [] });
    expect(await registration.apply(on(A))).toEqual({ missing: [] });
    expect(await createRegistration(browser.deps).apply(on(A))).toEqual({ missing: [] });
    expect(browser.state.log).toEqual(["register agent-opencode capture tap"]);
    expect(browser.state.scripts).toEqual([
      {
        id: "agent-opencode",
        js: ["rules/opencode.js"],
        matches: [A],
        world: "ISOLATED",
        runAt: "document_start",
        allFrames: false,
        persistAcrossSessions: true,
      },
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
    await registration.apply(on(A));
    browser.state.scripts.pop();
    await registration.apply(on(A));
    expect(browser.state.scripts.map((script) => script.id)).toEqual([
      "agent-opencode",
      "capture",
      "tap",
    ]);
  });

  it("follows changes, and unregisters when nothing is wanted", async () => {
    const registration = createRegistration(browser.deps);
    await registration.apply(on(A));
    await registration.apply(on(B, A));
    expect(browser.state.scripts[0]?.matches).toEqual([A, B]);
    await registration.apply(on());
    expect(browser.state.scripts).toEqual([]);
    await registration.apply(on());
    expect(browser.state.log).toEqual([
      "register agent-opencode capture tap",
      "unregister agent-opencode capture tap",
      "register agent-opencode capture tap",
      "unregister agent-opencode capture tap",
    ]);
  });

  it("leaves out what the browser does not permit, and says so", async () => {
    browser.state.allowed.delete(B);
    const registration = createRegistration(browser.deps);
    expect(await registration.apply(on(A, B))).toEqual({ missing: [B] });
    expect(browser.state.scripts[0]?.matches).toEqual([A]);
    browser.state.allowed.clear();
    expect(await registration.apply(on(A, B))).toEqual({ missing: [A, B] });
    expect(browser.state.scripts).toEqual([]);
  });

  it("runs calls one after the other, also after one that failed", async () => {
    const { deps } = browser;
    const registration = createRegistration(deps);
    const real = deps.permissions.contains;
    deps.permissions.contains = () => Promise.reject(new Error("The browser is busy."));
    const failing = registration.apply(on(A));
    await expect(failing).rejects.toThrow("busy");
    deps.permissions.contains = real;
    await Promise.all([
      registration.apply(on(A)),
      registration.apply(on(A)),
      registration.apply(on(B)),
    ]);
    expect(browser.state.scripts.map((script) => script.matches)).toEqual([[B], [B], [B]]);
  });

  it("strips ports where patterns cannot hold them", async () => {
    browser.state.allowed = new Set(["http://localhost/*"]);
    const registration = createRegistration({ ...browser.deps, hasPortsInPatterns: false });
    expect(await registration.apply(on(A, "http://localhost:5000/*"))).toEqual({ missing: [] });
    expect(browser.state.scripts[0]?.matches).toEqual(["http://localhost/*"]);
  });
});

describe("the reader of pages' elements", () => {
  const reader = { agentId: "jules", patterns: [B] };

  it("is registered only where it is wanted, after the page has loaded, behind its agent's rules", async () => {
    const registration = createRegistration(browser.deps);
    expect(await registration.apply({ traffic: traffic(A), readers: [reader] })).toEqual({
      missing: [],
    });
    expect(browser.state.scripts.map(({ id, matches }) => [id, matches])).toEqual([
      ["agent-opencode", [A]],
      ["capture", [A]],
      ["tap", [A]],
      ["reader-jules", [B]],
    ]);
    expect(browser.state.scripts[3]).toEqual({
      id: "reader-jules",
      js: ["page-rules/jules.js", "dom.js"],
      matches: [B],
      world: "ISOLATED",
      runAt: "document_idle",
      allFrames: false,
      persistAcrossSessions: true,
    });
    expect(await registration.registered()).toEqual({ traffic: traffic(A), readers: [reader] });
    await registration.apply({ traffic: traffic(A), readers: [reader] });
    expect(browser.state.log).toEqual(["register agent-opencode capture tap reader-jules"]);
  });

  it("stands alone where an agent's traffic is of no use, and goes with the wish", async () => {
    const registration = createRegistration(browser.deps);
    await registration.apply({ traffic: [], readers: [reader] });
    expect(browser.state.scripts.map(({ id }) => id)).toEqual(["reader-jules"]);
    await registration.apply(on());
    expect(browser.state.scripts).toEqual([]);
  });

  it("is not registered without a permission, which is told", async () => {
    browser.state.allowed.delete(B);
    const registration = createRegistration(browser.deps);
    expect(await registration.apply({ traffic: traffic(A), readers: [reader] })).toEqual({
      missing: [B],
    });
    expect(browser.state.scripts.map(({ id }) => id)).toEqual(["agent-opencode", "capture", "tap"]);
  });

  it("is put into open tabs of its own pages only", async () => {
    browser.state.tabs = [{ id: 1 }];
    const registration = createRegistration(browser.deps);
    expect(await registration.inject({ traffic: [], readers: [reader] })).toBe(1);
    expect(browser.state.queries).toEqual([{ url: [B] }]);
    expect(browser.state.log).toEqual(["ISOLATED /page-rules/jules.js,/dom.js in 1"]);
  });

  it("is put into one tab when that is asked, and says when it cannot be", async () => {
    const registration = createRegistration(browser.deps);
    expect(await registration.injectReader(7, "chatgpt")).toBe(true);
    expect(browser.state.log).toEqual(["ISOLATED /page-rules/chatgpt.js,/dom.js in 7"]);
    browser.state.broken.add(7);
    expect(await registration.injectReader(7, "chatgpt")).toBe(false);
  });
});

describe("inject", () => {
  it("puts both scripts into open tabs, the isolated one first, and passes over tabs that are gone", async () => {
    browser.state.tabs = [{ id: 1 }, { id: 2 }, { id: 3, discarded: true }];
    browser.state.broken.add(2);
    expect(await createRegistration(browser.deps).inject(on(A))).toBe(1);
    expect(browser.state.queries).toEqual([{ url: [A] }, { url: [A] }]);
    expect(browser.state.log).toEqual([
      "ISOLATED /rules/opencode.js in 1",
      "ISOLATED /capture.js in 1",
      "MAIN /tap.js in 1",
    ]);
  });

  it("asks for no tabs without a permission", async () => {
    browser.state.allowed.clear();
    expect(await createRegistration(browser.deps).inject(on(A))).toBe(0);
    expect(browser.state.queries).toEqual([]);
  });
});
