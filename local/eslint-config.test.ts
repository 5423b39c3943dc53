import { ESLint } from "eslint";
import { describe, expect, it } from "vitest";

const eslint = new ESLint();

/** Rule ids that the project's configuration reports for `code` as if it stood at `path`. */
async function reported(path: string, code: string): Promise<string[]> {
  const results = await eslint.lintText(code, { filePath: path });
  return results.flatMap((result) => result.messages.map((message) => message.ruleId ?? "parse"));
}

const BOUNDARY = "no-restricted-imports";

describe("imports between rooms point one way", () => {
  it.each([
    ["agents/x.ts", "../capture/collect"],
    ["agents/x.ts", "../utils/browser"],
    ["agents/x.ts", "../convex/_generated/api"],
    ["capture/x.ts", "../sync/outbox"],
    ["capture/x.ts", "../auth/broker"],
    ["capture/x.ts", "../convex/_generated/api"],
    ["sync/x.ts", "../capture/redact"],
    ["sync/x.ts", "../agents/opencode"],
    ["sync/x.ts", "../convex/model/sessions"],
    ["auth/x.ts", "../sync/drain"],
    ["auth/x.ts", "../convex/_generated/api"],
    ["components/x.tsx", "../sync/ledger"],
    ["components/ui/x.tsx", "../../auth/broker"],
    ["utils/x.ts", "../sync/outbox"],
    ["utils/x.ts", "@/sync/outbox"],
    ["agents/x.ts", "~/utils/browser"],
    ["entrypoints/x.ts", "../local/stack.ts"],
    ["entrypoints/popup/x.tsx", "../../e2e/support/rows"],
    ["convex/x.ts", "../utils/clock"],
    ["convex/model/x.ts", "../../agents/agent"],
    ["local/x.ts", "../utils/messages.ts"],
    ["local/convex/engine/x.ts", "../../../convex/schema.ts"],
  ])("%s may not import %s", async (path, target) => {
    const code = `import { thing } from "${target}";\nthing();\n`;
    expect(await reported(path, code)).toContain(BOUNDARY);
  });

  it.each([
    ["agents/x.ts", "./agent"],
    ["agents/agent.ts", "../convex/validators"],
    ["capture/x.ts", "../agents/agent"],
    ["capture/x.ts", "../utils/messages"],
    ["sync/x.ts", "../convex/_generated/api"],
    ["sync/x.ts", "../convex/validators"],
    ["auth/x.ts", "../utils/storage"],
    ["components/x.tsx", "../convex/_generated/api"],
    ["components/ui/x.tsx", "../../utils/errors"],
    ["convex/sessions.ts", "./model/sessions"],
    ["local/start.ts", "./convex/server/server.ts"],
  ])("%s may import %s", async (path, target) => {
    const code = `import { thing } from "${target}";\nthing();\n`;
    expect(await reported(path, code)).not.toContain(BOUNDARY);
  });
});

describe("doors with one keeper", () => {
  it("lets only functions.ts build public Convex functions", async () => {
    const code = `import { query } from "./_generated/server";\nquery({});\n`;
    expect(await reported("convex/x.ts", code)).toContain(BOUNDARY);
    expect(await reported("convex/functions.ts", code)).not.toContain(BOUNDARY);
  });

  it("lets only the host import authkit-js", async () => {
    const code = `import { createClient } from "@workos-inc/authkit-js";\ncreateClient("");\n`;
    expect(await reported("auth/x.ts", code)).toContain("no-restricted-syntax");
    expect(await reported("auth/authkit-host.ts", code)).not.toContain("no-restricted-syntax");
  });
});
