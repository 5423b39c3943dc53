import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { build } from "wxt";
import { buildProblems } from "./build-guard.ts";
import { CHROME_KEY, GECKO_ID, redirectUris } from "./extension-id.ts";

const outDir = mkdtempSync(join(tmpdir(), "opensync-build-"));
const folders = { chrome: join(outDir, "chrome-mv3"), firefox: join(outDir, "firefox-mv3") };
type Manifest = Record<string, unknown> & {
  key?: string;
  browser_specific_settings: { gecko: { id: string } };
};
const manifests = {} as Record<keyof typeof folders, Manifest>;

beforeAll(async () => {
  for (const browser of ["chrome", "firefox"] as const) {
    await build({ root: join(import.meta.dirname, ".."), outDir, browser, mode: "production" });
    manifests[browser] = JSON.parse(readFileSync(join(folders[browser], "manifest.json"), "utf8"));
  }
}, 120_000);

afterAll(() => rmSync(outDir, { recursive: true }));

describe("the built manifests", () => {
  it("pin the ids, and so the redirect URIs that WorkOS knows", () => {
    expect(manifests.chrome.key).toBe(CHROME_KEY);
    expect(manifests.firefox.browser_specific_settings.gecko.id).toBe(GECKO_ID);
    expect(redirectUris()).toEqual({
      chrome: "https://dpjciolpdeomjohnkdgglhniaiegbfpn.chromiumapp.org/callback",
      firefox: "https://d98c97396a7b38f10d28af699b4f45fa06be1206.extensions.allizom.org/callback",
    });
  });

  it("ask for no page at install, and for nothing beyond what is used", () => {
    const { chrome, firefox } = manifests;
    expect(chrome.permissions).toEqual([
      "activeTab",
      "alarms",
      "identity",
      "scripting",
      "storage",
      "unlimitedStorage",
      "offscreen",
    ]);
    expect(firefox.permissions).toEqual(
      (chrome.permissions as string[]).filter((permission) => permission !== "offscreen"),
    );
    for (const manifest of [chrome, firefox]) {
      expect(manifest.host_permissions).toEqual(["https://api.workos.com/*"]);
      expect(manifest.optional_host_permissions).toEqual(["https://*/*", "http://*/*"]);
      expect(manifest.content_scripts).toBeUndefined();
      expect(manifest.web_accessible_resources).toBeUndefined();
      // WXT makes the browser's own pages of entrypoints with certain names ("history").
      expect(manifest.chrome_url_overrides).toBeUndefined();
      expect(manifest.incognito).toBe("not_allowed");
    }
    expect(chrome.externally_connectable).toEqual({ ids: [], matches: [] });
  });
});

describe("the build guard", () => {
  it("passes what is built", () => {
    expect(buildProblems(folders.chrome)).toEqual([]);
    expect(buildProblems(folders.firefox)).toEqual([]);
  });

  it.each([
    ["an API key", `const key = "sk_test_${"a1B2".repeat(6)}";`],
    ["a setting that only servers have", "process.env.WORKOS_API_KEY"],
    ["a cookie password", "WORKOS_COOKIE_PASSWORD=secret"],
  ])("refuses %s", (_what, text) => {
    const folder = mkdtempSync(join(outDir, "secret-"));
    writeFileSync(join(folder, "background.js"), text);
    expect(buildProblems(folder)).toHaveLength(1);
  });

  it.each([
    ["tap.js", 6 * 1024],
    ["capture.js", 20 * 1024],
    ["dom.js", 40 * 1024],
  ])("refuses %s over its budget", (name, budget) => {
    const folder = mkdtempSync(join(outDir, "large-"));
    writeFileSync(join(folder, name), "x".repeat(budget));
    expect(buildProblems(folder)).toEqual([]);
    writeFileSync(join(folder, name), "x".repeat(budget + 1));
    expect(buildProblems(folder)[0]).toContain("budget");
  });

  it.each(["chrome", "firefox"] as const)(
    "refuses the libraries of %s's pages and of the reader of elements in what copies traffic",
    (browser) => {
      const read = (name: string) => readFileSync(join(folders[browser], name), "utf8");
      const chunks = readdirSync(join(folders[browser], "chunks"));
      const react = chunks
        .map((name) => read(join("chunks", name)))
        .filter((text) => text.includes("react.transitional.element"));
      expect(react.length).toBeGreaterThan(0);
      for (const library of [read("dom.js"), ...react]) {
        const folder = mkdtempSync(join(outDir, "library-"));
        writeFileSync(join(folder, "tap.js"), library);
        expect(buildProblems(folder)[0]).toContain("look at its imports");
      }
    },
  );
});

describe("the reader of pages' elements", () => {
  it.each(["chrome", "firefox"] as const)("has the rules of one agent a file in %s", (browser) => {
    const files = readdirSync(join(folders[browser], "page-rules"));
    expect(files).toContain("chatgpt.js");
    for (const file of files) {
      const text = readFileSync(join(folders[browser], "page-rules", file), "utf8");
      expect(text).toMatch(/^globalThis\[Symbol\.for\("opensync-companion:page-rules"\)\]=\{/);
      expect(text).toContain(`"agent":"${file.replace(".js", "")}"`);
      // Browsers refuse a script that could be in another encoding.
      expect(text).toMatch(/^[ -~\n]+$/);
    }
    expect(readFileSync(join(folders[browser], "dom.js"), "utf8")).not.toContain(
      "data-message-author",
    );
  });
});
