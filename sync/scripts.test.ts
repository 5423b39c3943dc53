import { beforeEach, describe, expect, it } from "vitest";
import { createScripts, type Wanted } from "./scripts";

interface Reader {
  agentId: string;
  patterns: readonly string[];
}

const OWN = ["http://localhost:4096/*", "http://127.0.0.1:4096/*"];
const NAMED = "http://10.0.0.5:4096/*";

/** The browser's side: what is permitted, registered, and injected. */
let permitted: Set<string>;
let registered: string[];
let readers: Reader[];
let injected: string[][];
let injectedReaders: Reader[];
let wanted: Wanted[];
let told: [string, boolean][];

beforeEach(() => {
  permitted = new Set([...OWN, NAMED]);
  [registered, injected, told, injectedReaders] = [[], [], [], []];
  readers = [];
  wanted = [opencode()];
});

const opencode = (patterns = OWN, named: string[] = []): Wanted => ({
  agentId: "opencode",
  patterns,
  named,
  hasTraffic: true,
  hasReader: false,
});

function scripts(hasPortsInPatterns = true) {
  const asPattern = (pattern: string) =>
    hasPortsInPatterns ? pattern : pattern.replace(/:\d+\/\*$/, "/*");
  return createScripts({
    getWanted: () => Promise.resolve(wanted),
    registration: {
      registered: () => Promise.resolve({ patterns: registered, readers }),
      apply(placing) {
        const all = [placing.patterns, ...placing.readers.map(({ patterns }) => patterns)].flat();
        registered = placing.patterns.filter((pattern) => permitted.has(pattern)).map(asPattern);
        readers = placing.readers.map(({ agentId, patterns }) => ({
          agentId,
          patterns: patterns.filter((pattern) => permitted.has(pattern)).map(asPattern),
        }));
        return Promise.resolve({ missing: all.filter((one) => !permitted.has(one)) });
      },
      inject(placing) {
        if (placing.patterns.length > 0) injected.push([...placing.patterns]);
        injectedReaders.push(...placing.readers);
        return Promise.resolve(1);
      },
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
    wanted = [opencode([...OWN, NAMED], [NAMED])];
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

describe("the reader of pages' elements", () => {
  const jules = { agentId: "jules", patterns: [NAMED], named: [], hasReader: true };

  it("is registered and put into open tabs where an agent needs it, without the traffic's scripts", async () => {
    wanted = [opencode(), { ...jules, hasTraffic: false }];
    const update = scripts();
    await update();
    await update();
    expect(registered).toEqual(sorted(OWN));
    expect(readers).toEqual([{ agentId: "jules", patterns: [NAMED] }]);
    expect(injected).toEqual([sorted(OWN)]);
    expect(injectedReaders).toEqual(readers);
  });

  it("is put into open tabs where the traffic's scripts are already", async () => {
    const update = scripts();
    await update();
    wanted = [opencode(), { ...jules, patterns: OWN, hasTraffic: true }];
    await update();
    expect(injected).toHaveLength(1);
    expect(injectedReaders).toEqual([{ agentId: "jules", patterns: OWN }]);
  });

  it("whose permission is lacking is told", async () => {
    permitted.delete(NAMED);
    wanted = [{ ...jules, hasTraffic: false }];
    expect(await scripts()()).toEqual(["jules"]);
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
    wanted = [opencode([...OWN, NAMED], [NAMED])];
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
