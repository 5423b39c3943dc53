import js from "@eslint/js";
import convexPlugin from "@convex-dev/eslint-plugin";
import { defineConfig, globalIgnores } from "eslint/config";
import globals from "globals";
import reactHooks from "eslint-plugin-react-hooks";
import ts from "typescript-eslint";

/** Every room, and the rooms it may import from (itself always). One sentence each says what the room is. */
const rooms = {
  agents: {
    may: ["convex/validators"],
    why: "agents/ is what can be read: pure data and functions that know nothing but their contract.",
  },
  capture: {
    may: ["agents", "utils", "convex/validators"],
    why: "capture/ is the page side and redaction: it hands readings on and knows neither sending nor people.",
  },
  sync: {
    may: [
      "utils",
      "convex/_generated",
      "convex/validators",
      "convex/contentHash",
      "convex/messageText",
    ],
    why: "sync/ is the background side: it takes readings and brings them to Convex.",
  },
  auth: {
    may: ["utils"],
    why: "auth/ is who the person is: nothing about sessions or agents.",
  },
  components: {
    may: ["agents", "utils", "convex/_generated", "convex/validators"],
    why: "components/ is what people see: data comes through props, messages and Convex.",
  },
  utils: {
    may: [],
    why: "utils/ are the seams that every room shares: they import no room.",
  },
  convex: {
    may: [],
    why: "convex/ is the backend: it deploys alone.",
  },
  entrypoints: {
    may: ["agents", "auth", "capture", "components", "sync", "utils"],
    why: "entrypoints/ is wiring: the rooms of the extension are put together there, and nothing of the machine that builds it.",
  },
  local: {
    may: [],
    why: "local/ is the embedded stack: it hosts convex's bundle and never ships in the extension.",
  },
};

const all = [...Object.keys(rooms), "e2e", "bench"];

/** A pattern that no-restricted-imports reports: a relative way out of `room` into a room it may not use. */
function boundary(room, { may, why }) {
  const others = all.filter((other) => other !== room && !may.includes(other));
  const whole = others.filter((other) => !may.some((path) => path.startsWith(`${other}/`)));
  const parts = may.filter((path) => path.includes("/")).map((path) => path.split("/"));
  const partly = [...new Set(parts.map(([top]) => top))].map((top) => {
    const allowed = parts.filter(([first]) => first === top).map(([, ...rest]) => rest.join("/"));
    return `${top}/(?!(${allowed.join("|")})(/|\\.ts|$))`;
  });
  const targets = [...whole.map((other) => `${other}(/|$)`), ...partly];
  // WXT's aliases of the root, too.
  return { regex: `^((\\.\\./)+|[@~]{1,2}/)(${targets.join("|")})`, message: why };
}

export default defineConfig([
  globalIgnores([
    ".output",
    ".wxt",
    ".data",
    "convex/_generated",
    "**/fixtures/**",
    "test-results",
  ]),
  js.configs.recommended,
  ts.configs.strict,
  {
    languageOptions: { globals: { ...globals.es2024 } },
    rules: {
      "max-lines": ["warn", { max: 250, skipBlankLines: true, skipComments: true }],
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "no-console": ["error", { allow: ["warn", "error"] }],
    },
  },
  {
    files: ["**/*.test.{ts,tsx}", "e2e/**", "bench/**"],
    rules: { "max-lines": "off" },
  },
  {
    files: ["{entrypoints,components,capture,sync,auth,utils,agents}/**/*.{ts,tsx}"],
    languageOptions: { globals: { ...globals.browser } },
  },
  {
    files: ["{entrypoints,components,auth}/**/*.{ts,tsx}"],
    extends: [reactHooks.configs.flat["recommended-latest"]],
  },
  {
    files: ["{local,e2e,bench}/**", "*.config.{ts,js}", ".ci/**"],
    languageOptions: { globals: { ...globals.node } },
    rules: { "no-console": "off" },
  },
  ...convexPlugin.configs.recommended,
  ...Object.entries(rooms).map(([room, rule]) => ({
    files: [`${room}/**/*.{ts,tsx,js,mjs}`],
    ignores: ["**/*.test.{ts,tsx}"],
    rules: { "no-restricted-imports": ["error", { patterns: [boundary(room, rule)] }] },
  })),
  {
    files: ["convex/**/*.ts"],
    ignores: ["convex/functions.ts", "convex/**/*.test.ts"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            boundary("convex", rooms.convex),
            {
              regex: "_generated/server$",
              importNames: ["query", "mutation", "action"],
              message:
                "Public functions are built by userQuery and userMutation of functions.ts, which check the identity.",
            },
          ],
        },
      ],
    },
  },
  {
    files: ["**/*.{ts,tsx}"],
    ignores: ["auth/authkit-host.ts", "**/*.test.{ts,tsx}", "e2e/**"],
    rules: {
      "no-restricted-syntax": [
        "error",
        {
          selector: "ImportDeclaration[source.value='@workos-inc/authkit-js']",
          message:
            "auth/authkit-host.ts is the only importer of authkit-js: one client per document.",
        },
      ],
    },
  },
]);
