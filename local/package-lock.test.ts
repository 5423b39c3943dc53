import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

interface Locked {
  optionalDependencies?: Record<string, string>;
}

const { packages } = JSON.parse(
  readFileSync(new URL("../package-lock.json", import.meta.url), "utf8"),
) as { packages: Record<string, Locked> };

/** Where npm may have put a dependency of the package at `path`: in its own folder, or in one above. */
function candidates(path: string, name: string): string[] {
  const above = path.replace(/(^|\/)node_modules\/(@[^/]+\/)?[^/]+$/, "");
  const own = path === "" ? `node_modules/${name}` : `${path}/node_modules/${name}`;
  return above === path ? [own] : [own, ...candidates(above, name)];
}

// npm leaves out the builds for other systems when its registry lacks them, and `npm ci` then refuses the lock file.
it("names every optional dependency, also those for other systems", () => {
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !candidates(path, name).some((candidate) => candidate in packages),
    ),
  );
  expect(missing).toEqual([]);
});
