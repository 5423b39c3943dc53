import { beforeEach, describe, expect, it } from "vitest";
import { createScripts, type Wanted } from "./scripts";

interface Pages {
  agentId: string;
  patterns: readonly string[];
}

const OWN = ["http://localhost:4096/*", "http://127.0.0.1:4096/*"];
const NAMED = "http://10.0.0.5:4096/*";

/** The browser's side: what is permitted, registered, and injected. */
let permitted: Set<string>;
let traffic: Pages[];
let readers: Pages[];
let injected: string[][];
let injectedReaders: Pages[];
let wanted: Wanted[];
let told: [string, boolean][];

beforeEach(() => {
  permitted = new Set([...OWN, NAMED]);
  [traffic, readers, injected, told, injectedReaders] = [[], [], [], [], []];
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
      registered: () => Promise.resolve({ traffic, readers }),
      apply(placing) {
        const all = [...placing.traffic, ...placing.readers].flatMap(({ patterns }) => patterns);
        const allowed = ({ agentId, patterns }: Pages) => ({
          agentId,
          patterns: patterns.filter((pattern) => permitted.has(pattern)).map(asPattern),
        });
        traffic = placing.traffic.map(allowed);
        readers = placing.readers.map(allowed);
        return Promise.resolve({ missing: all.filter((one) => !permitted.has(one)) });
      },
      inject(placing) {
        for (const { patterns } of placing.traffic) injected.push([...patterns]);
        injectedReaders.push(...placing.readers);
        return Promise.resolve(1);
      },
    },
    hasPortsInPatterns,
    onPermission: (agentId, isMissing) => Promise.resolve(void told.push([agentId, isMissing])),
  });
}

describe("the content scripts", () => {
  it("are registered where the person wants them, and put into open tabs once", async () => {
    const update = scripts();
    await update();
    await update();
    expect(traffic).toEqual([{ agentId: "opencode", patterns: OWN }]);
    expect(injected).toEqual([OWN]);
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
    expect(traffic).toEqual([]);
    wanted = before;
    await update();
    expect(injected).toEqual([OWN, OWN]);
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
    expect(traffic).toEqual([{ agentId: "opencode", patterns: OWN }]);
    expect(readers).toEqual([{ agentId: "jules", patterns: [NAMED] }]);
    expect(injected).toEqual([OWN]);
    expect(injectedReaders).toEqual(readers);
  });

  it("is put into open tabs where another agent's scripts are already, and that agent's rules too", async () => {
    const update = scripts();
    await update();
    wanted = [opencode(), { ...jules, patterns: OWN, hasTraffic: true }];
    await update();
    expect(injected).toEqual([OWN, OWN]);
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
