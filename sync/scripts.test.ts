import { beforeEach, describe, expect, it } from "vitest";
import { createScripts, type Wanted } from "./scripts";

const OWN = ["http://localhost:4096/*", "http://127.0.0.1:4096/*"];
const NAMED = "http://10.0.0.5:4096/*";

/** The browser's side: what is permitted, registered, and injected. */
let permitted: Set<string>;
let registered: string[];
let injected: string[][];
let wanted: Wanted[];
let told: [string, boolean][];

beforeEach(() => {
  permitted = new Set([...OWN, NAMED]);
  [registered, injected, told] = [[], [], []];
  wanted = [{ agentId: "opencode", patterns: OWN, named: [] }];
});

function scripts(hasPortsInPatterns = true) {
  const asPattern = (pattern: string) =>
    hasPortsInPatterns ? pattern : pattern.replace(/:\d+\/\*$/, "/*");
  return createScripts({
    getWanted: () => Promise.resolve(wanted),
    getRegistered: () => Promise.resolve(registered),
    registration: {
      apply(patterns) {
        const allowed = patterns.filter((pattern) => permitted.has(pattern));
        registered = allowed.map(asPattern);
        return Promise.resolve({ missing: patterns.filter((one) => !allowed.includes(one)) });
      },
      inject: (patterns) => Promise.resolve(injected.push([...patterns])),
    },
    hasPortsInPatterns,
    onPermission: (agentId, isMissing) => Promise.resolve(void told.push([agentId, isMissing])),
  });
}

const sorted = (patterns: string[]) => [...patterns].sort();

describe("the content scripts", () => {
  it("are registered where the person wants them, and put into open tabs once", async () => {
    const update = scripts();
    await update();
    await update();
    expect(registered).toEqual(sorted(OWN));
    expect(injected).toEqual([sorted(OWN)]);
  });

  it("go only into tabs of what is new", async () => {
    const update = scripts();
    await update();
    wanted = [{ agentId: "opencode", patterns: [...OWN, NAMED], named: [NAMED] }];
    await update();
    expect(injected.at(-1)).toEqual([NAMED]);
  });

  it("are put back into open tabs after a pause or an update of the extension", async () => {
    const update = scripts();
    await update();
    const before = wanted;
    wanted = [];
    await update();
    expect(registered).toEqual([]);
    wanted = before;
    await update();
    expect(injected).toEqual([sorted(OWN), sorted(OWN)]);
  });

  it("are not put into tabs again and again where patterns have no ports", async () => {
    const update = scripts(false);
    await update();
    await update();
    expect(injected).toHaveLength(1);
  });
});

describe("a permission", () => {
  it("that was never given for one of the agent's own origins is no trouble", async () => {
    permitted.delete(OWN[0]!);
    expect(await scripts()()).toEqual([]);
    expect(told).toEqual([]);
  });

  it("that is lacking for all of them is told, and told again when it is there", async () => {
    const update = scripts();
    permitted.clear();
    expect(await update()).toEqual(["opencode"]);
    permitted = new Set(OWN);
    expect(await update()).toEqual([]);
    expect(told).toEqual([
      ["opencode", true],
      ["opencode", false],
    ]);
  });

  it("that is lacking for an origin that the person named is told", async () => {
    wanted = [{ agentId: "opencode", patterns: [...OWN, NAMED], named: [NAMED] }];
    permitted.delete(NAMED);
    expect(await scripts()()).toEqual(["opencode"]);
  });

  it("that is taken away at run time is told", async () => {
    const update = scripts();
    await update();
    permitted.delete(OWN[0]!);
    expect(await update()).toEqual(["opencode"]);
    expect(told.at(-1)).toEqual(["opencode", true]);
  });
});
