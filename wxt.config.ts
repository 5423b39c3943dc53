import tailwindcss from "@tailwindcss/vite";
import { defineConfig } from "wxt";

/** Public half of the RSA key that pins the Chrome extension id (and so the OAuth redirect URI) of unpacked builds. */
export const CHROME_KEY =
  "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA3Hep2eQ6Hx8JGM1XsS4TWui9xEmbhlC0EGVUrmlkkd3bLk7cZnhb9HNxYLGRXXUCw8n+4oPAW2vybh3GIJUjHwESYldyKs2NZ3OJnhRd6rAkTZ2z4OQ5uwiZymu6sohpcswlWVHyz0vHGr5AzHwkHLoXsRXNR9mOgpLIcpQ3NYqXXdTI/Ntq4DprYtJ4mCiGq9HIKaTYdlIuW6vJSP8qHbdrxvYxSyIEHVvN1lZLfybj/uwpfIvq79xpO7+N/OMLyDegz3an4K39SX3Ad4Rlq+/kr5SISZGG5wRf3TQeDbbCSMSKHPcfMaXZeMUdx/niIqJ9lr/6rr/+GEnbliPtbwIDAQAB";

/** The add-on id that Firefox derives its redirect URI from. */
export const GECKO_ID = "companion@opensync.example";

const workosApi = process.env.VITE_WORKOS_API_URL ?? "https://api.workos.com";

export default defineConfig({
  manifestVersion: 3,
  imports: false,
  modules: ["@wxt-dev/module-react", "@wxt-dev/auto-icons"],
  vite: () => ({ plugins: [tailwindcss()] }),
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
