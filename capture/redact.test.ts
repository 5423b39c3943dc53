import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import type { Reading } from "../agents/agent";
import { redact } from "./redact";
import { redactText, rules } from "./redact-text";

// Under load a machine may take many times what this needs.
vi.setConfig({ testTimeout: 60_000 });

const sum = (secret: string) => createHash("sha256").update(secret).digest("hex").slice(0, 8);
const filler = (length: number) => "a1B2c3D4".repeat(20).slice(0, length);

/** Made of pieces, so that no scanner of this repository takes a test for a leak. */
const secrets: [kind: string, secret: string][] = [
  ["opensync-key", `osk_${filler(30)}`],
  ["anthropic-key", `sk-ant-api03-${filler(40)}-_x`],
  ["openai-key", `sk-proj-${filler(40)}`],
  ["openai-key", `sk-${filler(48)}`],
  ["github-token", `ghp_${filler(36)}`],
  ["github-token", `github_pat_${filler(22)}_${filler(59)}`],
  ["aws-key-id", `AKIA${"IOSFODNN7EXAMPLE"}`],
  ["slack-token", `xoxb-${"1234567890"}-${filler(24)}`],
  ["slack-token", `xapp-1-${filler(20)}`],
  [
    "private-key",
    `-----BEGIN RSA PRIVATE KEY-----\n${filler(64)}\n${filler(40)}==\n-----END RSA PRIVATE KEY-----`,
  ],
];

describe("redactText", () => {
  it.each(secrets)("masks %s wherever it stands", async (kind, secret) => {
    const mask = `[redacted:${kind}:${sum(secret)}]`;
    expect(await redactText(secret)).toBe(mask);
    expect(await redactText(`my key: "${secret}", and\n${secret}.`)).toBe(
      `my key: "${mask}", and\n${mask}.`,
    );
  });

  it.each(secrets)("masks %s inside JSON, which stays JSON", async (kind, secret) => {
    const inner = JSON.stringify(secret).slice(1, -1);
    const json = JSON.stringify({ command: `export A=1\n${secret}\t!`, again: [secret] });
    const masked = JSON.parse(await redactText(json)) as unknown;
    const mask = `[redacted:${kind}:${sum(inner)}]`;
    expect(masked).toEqual({ command: `export A=1\n${mask}\t!`, again: [mask] });
  });

  it.each([
    ["bearer-token", "curl -H 'Authorization: Bearer ", `${filler(24)}.x_y-z=`, "' host"],
    ["bearer-token", '{"authorization": "bearer ', filler(32), '"}'],
    ["bearer-token", '{\\"Authorization\\":\\"Bearer ', filler(32), '\\"}'],
    ["aws-secret-key", "aws_secret_access_key = ", filler(40), "\n"],
    ["aws-secret-key", '"SecretAccessKey": "', filler(40), '"'],
    ["slack-webhook", "https://hooks.slack.com/services/", `T0/B0/${filler(24)}`, " "],
  ])("masks the value of %s and keeps what names it", async (kind, before, secret, after) => {
    expect(await redactText(before + secret + after)).toBe(
      `${before}[redacted:${kind}:${sum(secret)}]${after}`,
    );
  });

  it("masks a key block whose end is missing, as far as its lines go", async () => {
    const masked = await redactText(
      `-----BEGIN PRIVATE KEY-----\n${filler(64)}\n${filler(64)}\nThen it stopped, as I said.`,
    );
    expect(masked).toMatch(/^\[redacted:private-key:[0-9a-f]{8}\]\nThen it stopped, as I said\.$/);
  });

  it.each([
    "The risk-averse task-force asked: is sk- a prefix?",
    "commit 9c1185a5c5e9fc54612808977ee8f548b2258d31",
    "123e4567-e89b-12d3-a456-426614174000",
    "AKIA is how AWS key ids begin; ghp_ is GitHub's",
    "Authorization: Bearer <token>",
    "disk-proj-aaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    `data:image/png;base64,${filler(150)}`,
  ])("leaves harmless text alone: %s", async (text) => {
    expect(await redactText(text)).toBe(text);
  });

  it("finds nothing more in what it has masked", async () => {
    const part = fc.oneof(fc.constantFrom(...secrets.map(([, secret]) => secret)), fc.string());
    await fc.assert(
      fc.asyncProperty(fc.array(part), async (parts) => {
        const once = await redactText(parts.join(" "));
        expect(await redactText(once)).toBe(once);
      }),
    );
  });

  it("takes time in proportion to the text, whatever the text", async () => {
    const seeds = [
      "-----BEGIN PRIVATE KEY-----",
      "-----BEGIN PRIVATE KEY-----\n",
      "-----BEGIN ",
      "sk-",
      "sk-proj-",
      "osk_osk_",
      'authorization: "',
      "secret_access_key=",
      "\\n\\n",
      " ",
      "AKIAASIA",
      "a",
    ];
    const prefix = "-----BEGIN PRIVATE KEY----- authorization: bearer secret_access_key xox gh";
    const cost = (text: string) => {
      const start = performance.now();
      for (const { find } of rules) find(text);
      return performance.now() - start;
    };
    for (const seed of seeds) {
      const text = (length: number) => prefix + seed.repeat(length / seed.length);
      cost(text(10_000));
      // A quadratic rule takes minutes here; the bound is far above what a slow machine needs.
      expect(cost(text(1_000_000))).toBeLessThan(3_000);
    }
  });
});

describe("redact", () => {
  const secret = `osk_${filler(30)}`;
  const mask = `[redacted:opensync-key:${sum(secret)}]`;
  const reading = (word: string): Reading => ({
    session: { agent: "opencode", key: secret, title: `Use ${word}`, activeLeafKey: secret },
    messages: [
      {
        key: secret,
        parentKey: secret,
        role: "assistant",
        position: 1,
        state: "final",
        error: { name: "Oops", message: `bad ${word}` },
        parts: [
          { type: "text", text: word },
          { type: "reasoning", text: `hm ${word}`, startedAt: 1 },
          { type: "tool-call", toolCallId: secret, toolName: "bash", input: word, title: word },
          { type: "tool-result", toolCallId: secret, output: word, metadata: `{"a":"${word}"}` },
          { type: "file", name: word, url: `https://a.test/${word}` },
          { type: "unknown", kind: "x", json: `["${word}"]` },
        ],
      },
    ],
  });

  it("masks every field that holds words, and none that links", async () => {
    expect(await redact(reading(secret))).toEqual(reading(mask));
  });

  it("gives equal readings for equal readings", async () => {
    expect(await redact(reading(secret))).toEqual(await redact(reading(secret)));
  });
});
