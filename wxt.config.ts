import tailwindcss from "@tailwindcss/vite";
import { defineConfig } from "wxt";
import { buildProblems } from "./local/build-guard.ts";
import { CHROME_KEY, GECKO_ID, redirectUris } from "./local/extension-id.ts";

const workosApi = process.env.VITE_WORKOS_API_URL ?? "https://api.workos.com";

export default defineConfig({
  manifestVersion: 3,
  imports: false,
  modules: ["@wxt-dev/module-react", "@wxt-dev/auto-icons"],
  vite: () => ({
    plugins: [tailwindcss()],
    define: { "import.meta.env.REDIRECT_URIS": JSON.stringify(redirectUris()) },
  }),
  hooks: {
    "build:done": (wxt) => {
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
    permissions: [
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
