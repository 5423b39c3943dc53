import { describe, expect, it } from "vitest";
import { anyPage, opencode } from "../testing/people";
import {
  isPermissionMissing,
  originLabel,
  ownerOf,
  permissionPattern,
  permissionPatterns,
  readOrigin,
} from "./origins";

describe("readOrigin", () => {
  it.each([
    ["https://agent.example.com", "https://agent.example.com"],
    ["  https://agent.example.com/  ", "https://agent.example.com"],
    ["HTTPS://Agent.Example.com:8443", "https://agent.example.com:8443"],
    ["http://localhost:3000", "http://localhost:3000"],
    ["http://127.0.0.2:80", "http://127.0.0.2"],
    ["http://[::1]:4096", "http://[::1]:4096"],
    ["https://bücher.example", "https://xn--bcher-kva.example"],
  ])("takes %j as %s", (typed, origin) =>
    expect(readOrigin(typed)).toEqual({ kind: "origin", origin }),
  );

  it.each(["http://agent.lan:4096", "http://192.168.1.5", "http://localhost.evil.example"])(
    "wants a yes for %s",
    (typed) => expect(readOrigin(typed)).toEqual({ kind: "unencrypted", origin: typed }),
  );

  it.each([
    ["", "Type the address"],
    ["agent.example.com", "Start the address with https://"],
    ["localhost:4096", "Start the address with https://"],
    ["ftp://agent.example.com", "Only pages at https://"],
    ["file:///etc/passwd", "Only pages at https://"],
    ["javascript:alert(1)", "Start the address with https://"],
    ["https://", "not an address"],
    [
      "https://agent.example.com/session/1",
      "Leave out everything after the host: https://agent.example.com",
    ],
    ["https://agent.example.com/?a=1", "Leave out everything after the host"],
    ["https://agent.example.com/#x", "Leave out everything after the host"],
    ["https://ada:secret@agent.example.com", "Leave out the user name and password"],
    ["https://*.example.com", "Name one host"],
  ])("says what is wrong with %j", (typed, error) => {
    const reading = readOrigin(typed);
    expect(reading).toMatchObject({ kind: "wrong" });
    expect(reading.kind === "wrong" && reading.error).toContain(error);
  });
});

describe("permission patterns", () => {
  it("hold the port in Chrome and leave it out in Firefox", () => {
    expect(permissionPattern("http://localhost:4096", false)).toBe("http://localhost:4096/*");
    expect(permissionPattern("http://localhost:4096", true)).toBe("http://localhost/*");
  });

  it("name an agent's own origins and the person's, each once", () => {
    const agent = { origins: ["http://localhost:4096/*", "http://127.0.0.1:4096/*"] };
    expect(permissionPatterns(agent, ["http://localhost:5000"], true)).toEqual([
      "http://localhost/*",
      "http://127.0.0.1/*",
    ]);
    expect(permissionPatterns(agent, ["https://a.example"], false)).toEqual([
      "http://localhost:4096/*",
      "http://127.0.0.1:4096/*",
      "https://a.example/*",
    ]);
  });

  it.each([
    ["one of its own", [], ["http://localhost:4096/*"], false],
    ["none of its own", [], [], true],
    ["only the one that was named", ["http://a.example"], ["http://a.example/*"], false],
    [
      "only its own where another was named",
      ["http://a.example"],
      ["http://localhost:4096/*"],
      true,
    ],
    [
      "one of two that were named",
      ["http://a.example", "http://b.example"],
      ["http://a.example/*"],
      true,
    ],
  ])("are missing or not with %s", (_what, named, granted, isMissing) => {
    const agent = { origins: ["http://localhost:4096/*", "http://127.0.0.1:4096/*"] };
    expect(isPermissionMissing(agent, named, new Set(granted), false)).toBe(isMissing);
  });

  it("read as people write them", () => {
    expect(originLabel("https://chatgpt.com/*")).toBe("chatgpt.com");
    expect(originLabel("http://localhost:4096/*")).toBe("http://localhost:4096");
  });
});

describe("ownerOf", () => {
  const site = {
    id: "site",
    name: "Site",
    kind: "chat" as const,
    origins: ["https://site.example/*"],
  };
  const agents = [anyPage, opencode, site];
  const owner = (origin: string, switches = {}) => ownerOf(origin, agents, switches)?.id;

  it("is the agent whose site that is, switched on or not", () => {
    expect(owner("https://site.example")).toBe("site");
  });

  it("is who hosts there usually, while that is captured", () => {
    const on = { opencode: { isEnabled: true, origins: [] } };
    expect(owner("http://localhost:4096", on)).toBe("opencode");
    expect(owner("http://localhost:4096")).toBeUndefined();
  });

  it("is the agent for which the person named it", () => {
    const named = { generic: { isEnabled: true, origins: ["https://a.example"] } };
    expect(owner("https://a.example", named)).toBe("generic");
    expect(owner("https://b.example", named)).toBeUndefined();
  });
});
