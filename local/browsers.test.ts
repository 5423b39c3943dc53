import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ensureChromium, ensureFirefox, findChromium, findFirefox } from "./browsers.ts";

let home: string;

/** A machine with nothing on it: node for the scripts, no network, no apt. */
const bare = (...folders: string[]) => ({
  PATH: [...folders, join(home, "bin")].join(":"),
  HOME: home,
  PLAYWRIGHT_DOWNLOAD_HOST: "http://127.0.0.1:1",
});

function program(path: string, script: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "browsers-"));
});
afterEach(() => rmSync(home, { recursive: true }));

describe("finding a browser", () => {
  it("takes the one that the environment names before the one on the PATH", () => {
    const own = program(join(home, "own"), "echo Chromium 150.0.1");
    program(join(home, "bin/chromium"), "echo Chromium 149.0.1");
    expect(findChromium({ ...bare(), CHROMIUM: own })).toBe(own);
  });

  it("passes over one that does not run", () => {
    program(join(home, "bin/chromium"), "echo 'requires the chromium snap' >&2; exit 1");
    const good = program(join(home, "bin/chromium-browser"), "echo Chromium 150.0.1");
    expect(findChromium(bare())).toBe(good);
  });

  it("finds Playwright's newest download, and Google Chrome only after it", () => {
    program(join(home, "bin/google-chrome"), "echo Google Chrome 150.0.1");
    const cache = join(home, ".cache/ms-playwright");
    program(join(cache, "chromium-999/chrome-linux64/chrome"), "echo Chromium 1.0");
    const newest = program(join(cache, "chromium-1200/chrome-linux64/chrome"), "echo Chromium 2.0");
    expect(findChromium(bare())).toBe(newest);
    rmSync(cache, { recursive: true });
    expect(findChromium(bare())).toBe(join(home, "bin/google-chrome"));
  });

  it("finds Debian's Firefox", () => {
    const esr = program(join(home, "bin/firefox-esr"), "echo Mozilla Firefox 153.7.0esr");
    expect(findFirefox(bare())).toBe(esr);
  });
});

describe("a browser that cannot be installed", () => {
  it("says what was tried for Chromium and what to do", async () => {
    const refused = await ensureChromium(bare(dirname(process.execPath))).catch((e: Error) => e);
    expect(refused).toBeInstanceOf(Error);
    const { message } = refused as Error;
    expect(message).toContain("Chromium is needed and could not be installed");
    expect(message).toContain(
      "playwright install chromium (failed: connect ECONNREFUSED 127.0.0.1:1)",
    );
    expect(message).toContain("apt-get install chromium");
    expect(message).toContain("CHROMIUM=/path/to/chromium npm start");
  });

  it("says the same of Firefox, and of a FIREFOX that does not run", async () => {
    const env = { ...bare(), FIREFOX: join(home, "nothing") };
    await expect(ensureFirefox(env)).rejects.toThrow(
      /Firefox is needed.*nothing \(does not run\).*apt-get install firefox-esr/,
    );
  });

  it.each(["check.ts", "start.ts"])("ends %s with that paragraph", (script) => {
    const { status, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, script)], {
      env: bare(dirname(process.execPath)),
      encoding: "utf8",
    });
    expect(status).toBe(1);
    const lines = stderr.trim().split("\n");
    expect(lines.at(-1)).toMatch(/^Chromium is needed and could not be installed\./);
  });

  it("reports a failing apt-get", async () => {
    program(join(home, "bin/apt-get"), "echo 'E: Unable to locate package' >&2; exit 100");
    const why =
      process.getuid?.() === 0
        ? "apt-get install -y --no-install-recommends firefox-esr (failed: Unable to locate package)"
        : "apt-get install firefox-esr (needs root)";
    await expect(ensureFirefox(bare())).rejects.toThrow(why);
  });

  it("uses what apt-get has installed", async () => {
    const esr = join(home, "bin/firefox-esr");
    program(
      join(home, "bin/apt-get"),
      `[ "$1" = install ] || exit 0; printf '#!/bin/sh\\necho Firefox 153.0\\n' > ${esr}; /bin/chmod +x ${esr}`,
    );
    if (process.getuid?.() === 0) expect(await ensureFirefox(bare())).toBe(esr);
    else await expect(ensureFirefox(bare())).rejects.toThrow(/needs root/);
  });
});
