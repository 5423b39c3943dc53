import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import type { Part, Reading } from "../agents/agent";
import { redact } from "./redact";
import { redactText } from "./redact-text";
import { type PlantedSecret, plantedSecrets, tracesOf } from "./testing/secrets";

// Under load a machine may take many times what this needs.
vi.setConfig({ testTimeout: 60_000 });

const sum = (secret: string) => createHash("sha256").update(secret).digest("hex").slice(0, 8);
const filler = (length: number) => "a1B2c3D4".repeat(20).slice(0, length);
const whole = ({ before, secret, after }: PlantedSecret) => before + secret + after;

const planted = plantedSecrets();
const each = planted.map((one) => [one.name, one] as const);

describe("redactText", () => {
  it("is tried with at least 40 forms, each different", () => {
    expect(planted.length).toBeGreaterThanOrEqual(40);
    expect(new Set(planted.map(({ secret }) => secret)).size).toBe(planted.length);
  });

  it.each(each)("masks %s in prose, code, quotes, JSON lines and colours", async (_name, one) => {
    const text = whole(one);
    const texts = [
      text,
      `Look: ${text} , is that right?`,
      `\`\`\`sh\n${text}\n\`\`\``,
      `- \`${text}\``,
      `\u001b[32m${text}\u001b[0m`,
      `${JSON.stringify({ run: text })}\n${JSON.stringify({ run: `x ${text}` })}\n`,
    ];
    for (const given of texts) {
      const masked = await redactText(given);
      expect(tracesOf(one).filter((trace) => masked.includes(trace))).toEqual([]);
      expect(masked).toMatch(/\[redacted:[a-z0-9-]+:[0-9a-f]{8}\]/);
      expect(await redactText(masked)).toBe(masked);
    }
  });

  it.each(each)("masks %s in JSON at every depth, which stays JSON", async (_name, one) => {
    const text = whole(one);
    const value = { "a/b": 1, list: [true, text], inner: JSON.stringify({ again: [`x ${text}`] }) };
    const json = JSON.stringify(value, null, 2).replaceAll("/", "\\/");
    const masked = await redactText(json);
    expect(tracesOf(one).filter((trace) => masked.includes(trace))).toEqual([]);
    const back = JSON.parse(masked) as typeof value;
    expect([back["a/b"], back.list[0]]).toEqual([1, true]);
    expect(Object.keys(JSON.parse(back.inner) as object)).toEqual(["again"]);
    expect(await redactText(masked)).toBe(masked);
  });

  it.each(each)("masks %s while it is still being written", async (_name, one) => {
    for (const share of [0.75, 0.95]) {
      const part = one.secret.slice(0, Math.ceil(one.secret.length * share));
      const first = part.split("\n").find((line) => !line.startsWith("-----")) ?? part;
      expect(await redactText(`So: ${one.before}${part}`)).not.toContain(first);
    }
  });

  it("keeps everything else of the text, and names kind and digest", async () => {
    const secret = `osk_${filler(30)}`;
    const mask = `[redacted:opensync-key:${sum(secret)}]`;
    expect(await redactText(`my key: "${secret}", and\n${secret}.`)).toBe(
      `my key: "${mask}", and\n${mask}.`,
    );
  });

  it("gives a secret the same mask in prose and escaped in JSON", async () => {
    const { secret } = planted.find(({ name }) => name === "RSA private key")!;
    const mask = `[redacted:private-key:${sum(secret)}]`;
    expect(await redactText(secret)).toBe(mask);
    expect(await redactText(JSON.stringify({ key: secret }))).toBe(JSON.stringify({ key: mask }));
  });

  it("leaves the rest of JSON as it was written, to the digit", async () => {
    const json = `{ "n": 12345678901234567890, "x":1.0,\n "t": "\\u0061", "k": "osk_${filler(30)}"}`;
    expect(await redactText(json)).toBe(
      json.replace(/osk_\w+/, (key) => `[redacted:opensync-key:${sum(key)}]`),
    );
  });

  it.each([
    ["password", "hunter2"],
    ["API_TOKEN", filler(20)],
    ["clientSecret", "correcthorse"],
    ["db_password", "correcthorse"],
  ])("masks what JSON names %s", async (name, value) => {
    expect(await redactText(JSON.stringify({ [name]: value, other: value }))).toBe(
      JSON.stringify({ [name]: `[redacted:setting:${sum(value)}]`, other: value }),
    );
  });

  it.each([
    ["bearer-token", "curl -H 'Authorization: Bearer ", `${filler(24)}.x_y-z=`, "' host"],
    ["bearer-token", '{"authorization": "bearer ', filler(32), '"'],
    ["bearer-token", '{\\"Authorization\\":\\"Bearer ', filler(32), '\\"}'],
    ["basic-auth", "Authorization: Basic ", `${filler(11)}=`, "\n"],
    ["aws-secret-key", "aws_secret_access_key = ", filler(40), "\n"],
    ["aws-secret-key", '"SecretAccessKey": "', filler(40), '"'],
    ["slack-webhook", "https://hooks.slack.com/services/", `T0/B0/${filler(24)}`, " "],
    ["password", "postgres://app:", "s3cr3t!", "@db:5432/app"],
    ["password", "https:\\/\\/app:", "s3cr3t!", "@db.test\\/app"],
    ["setting", "\nexport DB_PASSWORD=", "p@ss;(w0rd", "\n"],
    ["setting", "PASSPHRASE='", "correct horse battery", "'"],
    ["url-secret", "https://a.test/cb?x=1&access_token=", filler(24), "&y=2"],
    ["hashicorp-vault", "vault login ", `hvb.${filler(150)}`, " now"],
  ])("masks the value of %s and keeps what names it", async (kind, before, secret, after) => {
    expect(await redactText(before + secret + after)).toBe(
      `${before}[redacted:${kind}:${sum(secret)}]${after}`,
    );
  });

  it("masks a key block whose end is missing, as far as its lines go", async () => {
    const begin = `-----BEGIN ${"PRIVATE"} KEY-----`;
    const masked = await redactText(
      `${begin}\n${filler(64)}\n${filler(64)}\nThen it stopped, as I said.`,
    );
    expect(masked).toMatch(/^\[redacted:private-key:[0-9a-f]{8}\]\nThen it stopped, as I said\.$/);
  });

  it("masks whatever a comment says about masking", async () => {
    const secret = `hvb.${filler(150)}`;
    expect(
      await redactText(`// secretlint-disable\n${secret} // secretlint-disable-line\n`),
    ).not.toContain(secret);
  });

  it.each([
    "The risk-averse task-force asked: is sk- a prefix?",
    "commit 9c1185a5c5e9fc54612808977ee8f548b2258d31",
    "123e4567-e89b-12d3-a456-426614174000",
    "AKIA is how AWS key ids begin; ghp_ is GitHub's",
    "Authorization: Bearer <token>",
    "Authorization: Bearer ${token}",
    "disk-proj-aaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    `data:image/png;base64,${filler(150)}`,
    "postgres://user:password@localhost/db",
    "http://localhost:8080/x and http://[::1]:3000",
    "API_KEY=process.env.API_KEY\nTOKEN=$TOKEN\nSECRET=<your secret>\nPASSWORD=changeme",
    'const token = "string"; password: string; apiKey: options.apiKey1',
    '{"nextPageToken": "CAUQAA1234567", "max_tokens": "4096", "token": "null"}',
    "//# sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjozLCJzb3VyY2VzIjpb",
  ])("leaves harmless text alone: %s", async (text) => {
    expect(await redactText(text)).toBe(text);
  });

  it("finds nothing more in what it has masked", async () => {
    const part = fc.oneof(fc.constantFrom(...planted.map(whole)), fc.string());
    const joint = fc.constantFrom(" ", "\n", '"', "'", ", ", "=", ":", "[", "]");
    await fc.assert(
      fc.asyncProperty(fc.array(part), joint, async (parts, between) => {
        const once = await redactText(parts.join(between));
        expect(await redactText(once)).toBe(once);
      }),
      { numRuns: 300 },
    );
  });
});

describe("redact", () => {
  const secret = `osk_${filler(30)}`;
  const mask = `[redacted:opensync-key:${sum(secret)}]`;
  const reading = (word: string): Reading => ({
    session: {
      agent: "opencode",
      key: secret,
      title: `Use ${word}`,
      activeLeafKey: secret,
      projectPath: `/home/${word}/x`,
      projectName: word,
      url: `https://a.test/#${word}`,
    },
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
          { type: "source", url: `https://a.test/?k=${word}`, title: word, snippet: word },
          { type: "unknown", kind: "x", json: `["${word}"]` },
        ],
      },
    ],
  });

  it("masks every field that holds words, and none that links; and tells which secrets", async () => {
    expect(await redact(reading(secret))).toEqual({
      reading: reading(mask),
      masks: [`opensync-key:${sum(secret)}`],
    });
  });

  it("gives equal readings for equal readings", async () => {
    expect(await redact(reading(secret))).toEqual(await redact(reading(secret)));
  });

  it("tells of nothing where nothing was masked", async () => {
    expect((await redact(reading("word"))).masks).toEqual([]);
  });

  /** The secret at every place where a session holds words. */
  function everywhere(one: PlantedSecret): Reading {
    const text = whole(one);
    const parts: Part[] = [
      { type: "text", text },
      { type: "reasoning", text: `I see ${text} here` },
      {
        type: "tool-call",
        toolCallId: "c",
        toolName: "bash",
        input: JSON.stringify({ command: `echo ${text}` }),
        title: text,
      },
      {
        type: "tool-result",
        toolCallId: "c",
        output: `line\n${text}\nline`,
        metadata: JSON.stringify({ diff: `+ ${text}`, exit: 0 }),
      },
      { type: "file", name: `${text}.txt` },
      { type: "source", url: "https://a.test/", title: text, snippet: `"${text}"` },
      { type: "unknown", kind: "x", json: JSON.stringify([{ deep: text }]) },
    ];
    const error = { name: "Error", message: `refused: ${text}` };
    return {
      session: { agent: "a", key: "s", title: `About ${text}`, projectPath: `/x/ ${text}` },
      messages: [{ key: "m", role: "assistant", position: 0, state: "final", error, parts }],
    };
  }

  it.each(each)("lets %s survive nowhere in a session", async (_name, one) => {
    const { reading: masked, masks } = await redact(everywhere(one));
    const text = JSON.stringify(masked);
    expect(tracesOf(one).filter((trace) => text.includes(trace))).toEqual([]);
    expect(masks.length).toBeGreaterThan(0);
    for (const part of masked.messages[0]!.parts) {
      if (part.type === "tool-call") expect(JSON.parse(part.input)).toHaveProperty("command");
      if (part.type === "tool-result") expect(JSON.parse(part.metadata!)).toHaveProperty("exit", 0);
      if (part.type === "unknown") expect(JSON.parse(part.json)).toHaveLength(1);
    }
  });

  it("leaves an address that is still one", async () => {
    const url = `https://ada:${filler(12)}@a.test/p?access_token=${filler(24)}&q=1#f`;
    const part: Part = { type: "source", url };
    const { reading: masked } = await redact({ parts: [part] });
    const after = new URL((masked.parts[0] as { url: string }).url);
    expect([after.host, after.pathname, after.searchParams.get("q")]).toEqual([
      "a.test",
      "/p",
      "1",
    ]);
    expect(after.href).not.toContain(filler(12));
  });
});
