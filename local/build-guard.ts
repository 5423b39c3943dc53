/** What no build may ship: a WorkOS secret, or page scripts that outgrew their budget. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Minified bytes. The tap runs in every page of an enabled agent before the page's own code; the reader of elements only where it is needed. */
const SCRIPT_BUDGETS: Record<string, number> = {
  "tap.js": 6 * 1024,
  "capture.js": 20 * 1024,
  "dom.js": 40 * 1024,
};

/** What a page's scripts never hold, by a text of it that no minifier changes. */
const LIBRARIES: [name: string, text: string, scripts: readonly string[]][] = [
  ["React", "react.transitional.element", ["tap.js", "capture.js", "dom.js"]],
  [
    "the library that writes Markdown",
    "is not a string, or an element/document/fragment node",
    ["tap.js", "capture.js"],
  ],
];

const SECRETS: [name: string, pattern: RegExp][] = [
  ["a WorkOS API key", /\bsk_(?:live|test|prod|staging)?_?[A-Za-z0-9]{16,}/],
  ["WORKOS_API_KEY", /WORKOS_API_KEY/],
  ["WORKOS_COOKIE_PASSWORD", /WORKOS_COOKIE_PASSWORD/],
];

/** Problems of a built extension folder, each a sentence for the person who builds; empty when it may ship. */
export function buildProblems(folder: string): string[] {
  const problems: string[] = [];
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!/\.(js|html|css|json)$/.test(name)) continue;
    const text = readFileSync(join(folder, name), "utf8");
    for (const [secret, pattern] of SECRETS) {
      if (!pattern.test(text)) continue;
      problems.push(
        `${name} holds ${secret}. An extension is readable by everyone who installs it: set that on Convex only.`,
      );
    }
    for (const [library, part, scripts] of LIBRARIES) {
      if (!scripts.includes(name) || !text.includes(part)) continue;
      problems.push(`${name} holds ${library}, which no page needs there: look at its imports.`);
    }
    const budget = SCRIPT_BUDGETS[name];
    if (budget !== undefined && Buffer.byteLength(text) > budget) {
      problems.push(
        `${name} has ${Buffer.byteLength(text)} bytes, more than its budget of ${budget}.`,
      );
    }
  }
  return problems;
}
