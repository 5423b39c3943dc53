/** For the build: secretlint's rules ask for Node's modules to look at files; there are none in a browser, and none are looked at. */
import type { Plugin } from "vite";

const EMPTY = "\0no-node-module";

/** Gives secretlint an empty module for each of Node's, and leaves all other importers alone. */
export function presetPlugin(): Plugin {
  return {
    name: "no-node-in-preset",
    enforce: "pre",
    resolveId: (source, importer) =>
      source.startsWith("node:") && importer?.includes("/@secretlint/") ? EMPTY : undefined,
    load: (id) => (id === EMPTY ? "export default {};" : undefined),
  };
}
