// @vitest-environment node
import { expect, it } from "vitest";
import type { Observation } from "../agents/agent";
import { redactObservation } from "./raw-answer";

const token = ["ghp", "_", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"].join("");
const observation = (body: string, more: Partial<Observation> = {}): Observation => ({
  ...{ tap: "a/b", url: "https://a.example/x", method: "POST", status: 200, body },
  ...{ isTruncated: false, pageUrl: "https://a.example/", ...more },
});

it.each([
  ["JSON", JSON.stringify({ text: `It is ${token}.` })],
  ["server-sent events", `event: delta\ndata: {"v":"${token}"}\n\ndata: [DONE]\n`],
  ["lines of JSON", `{"token":"a"}\n{"v":${JSON.stringify(`"${token}"`)}}\n`],
  ["frames", `)]}'\n\n90\n[["wrb.fr","[\\"${token}\\"]"]]\n`],
  ["text that was cut", `{"text":"${token}`],
])("masks secrets in %s, and leaves the form", async (_form, body) => {
  const { body: masked } = await redactObservation(observation(body));
  expect(masked).not.toContain(token);
  expect(masked.replace(/\[redacted:[a-z0-9-]+:[0-9a-f]{8}\]/, token)).toBe(body);
});

it("masks them in what was sent and in addresses", async () => {
  const url = `https://a.example/x?access_token=${token}`;
  const masked = await redactObservation(
    observation("{}", { url, pageUrl: url, request: `{"text":"${token}"}` }),
  );
  expect(JSON.stringify(masked)).not.toContain(token);
  expect(masked.url).toContain("https://a.example/x?access_token=[redacted:");
});
