import tailwindcss from "@tailwindcss/vite";
import type {} from "@wxt-dev/auto-icons";
import { defineConfig } from "wxt";
import { presetPlugin } from "./capture/preset-plugin.ts";
import { rulesFiles } from "./capture/rules-files.ts";
import { buildProblems } from "./local/build-guard.ts";
import { CHROME_KEY, GECKO_ID, redirectUris } from "./local/extension-id.ts";

const workosApi = process.env.VITE_WORKOS_API_URL || "https://api.workos.com";

/**
 * What the extension's own pages may load: their own scripts and pictures, no frames, no forms, and connections to Convex and WorkOS only by
 * scheme, because the person chooses the deployment. http: is there for hosts on the person's own network.
 */
const PAGES_CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self' https: wss: http: ws://localhost:* ws://127.0.0.1:*",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

export default defineConfig({
  manifestVersion: 3,
  imports: false,
  modules: ["@wxt-dev/module-react", "@wxt-dev/auto-icons"],
  autoIcons: { baseIconPath: "assets/icon.svg" },
  vite: () => ({
    plugins: [tailwindcss(), presetPlugin()],
    define: { "import.meta.env.REDIRECT_URIS": JSON.stringify(redirectUris()) },
  }),
  hooks: {
    "build:publicAssets": async (_wxt, files) => {
      for (const { path, contents } of await rulesFiles(import.meta.dirname)) {
        files.push({ relativeDest: path, contents });
      }
    },
    "build:done": (wxt) => {
      // What runs in development is larger, and never ships.
      if (wxt.config.mode !== "production") return;
      const problems = buildProblems(wxt.config.outDir);
      if (problems.length > 0) throw new Error(problems.join("\n"));
      const uri = redirectUris()[wxt.config.browser === "firefox" ? "firefox" : "chrome"];
      wxt.logger.info(`Redirect URI to register in WorkOS: ${uri}`);
    },
  },
  manifest: ({ browser }) => ({
    name: "OpenSync Companion",
    description:
      "Keeps every AI-agent session you have in the browser, complete and searchable, in your own Convex deployment.",
    key: browser === "firefox" ? undefined : CHROME_KEY,
    incognito: "not_allowed",
    content_security_policy: { extension_pages: PAGES_CSP },
    permissions: [
      // The popup may ask for the open page's address, and so for its agent, before any host permission.
      "activeTab",
      "alarms",
      "identity",
      "scripting",
      "storage",
      "unlimitedStorage",
      ...(browser === "firefox" ? [] : ["offscreen"]),
    ],
    host_permissions: [`${workosApi.replace(/:\d+$/, "")}/*`],
    optional_host_permissions: ["https://*/*", "http://*/*"],
    ...(browser === "firefox" ? {} : { externally_connectable: { ids: [], matches: [] } }),
    browser_specific_settings: {
      gecko: {
        id: GECKO_ID,
        strict_min_version: "140.0",
        data_collection_permissions: {
          required: ["authenticationInfo", "personallyIdentifyingInfo"],
          optional: ["websiteContent", "personalCommunications"],
        },
      },
    },
  }),
});
