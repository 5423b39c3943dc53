import { defineConfig } from "vitest/config";
import { WxtVitest } from "wxt/testing/vitest-plugin";

const never = ["**/node_modules/**", ".output/**", ".wxt/**", ".data/**", "e2e/**"];

export default defineConfig({
  test: {
    // One fewer than the cores is the default: a single one on two cores, which mostly waits for servers.
    maxWorkers: 2,
    projects: [
      {
        plugins: [await WxtVitest()],
        test: {
          name: "extension",
          environment: "happy-dom",
          include: ["{agents,auth,capture,components,sync,utils}/**/*.test.{ts,tsx}"],
          exclude: never,
          mockReset: true,
          restoreMocks: true,
        },
      },
      {
        test: {
          name: "convex",
          environment: "edge-runtime",
          include: ["convex/**/*.test.ts"],
          exclude: never,
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "local",
          environment: "node",
          include: ["local/**/*.test.ts"],
          exclude: never,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
