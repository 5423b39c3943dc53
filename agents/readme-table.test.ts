import { expect, it } from "vitest";
import { agents } from "./index";
import { agentsSection, writtenSection } from "./testing/readme-table";

it("stands in the README as the agents and their tests are now", async () => {
  const section = await agentsSection(agents);
  for (const { name } of agents) expect(section).toContain(`| ${name} `);
  expect(writtenSection(), "run `npm run agents-table`").toBe(section);
});
