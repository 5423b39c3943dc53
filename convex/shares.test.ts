import { describe, expect, test } from "vitest";
import { api } from "./_generated/api";
import { hideSecrets } from "./model/secrets";
import { everything, message, openBackend, session, signIn, text } from "./test.setup";

/** Every field that can be set, with words that must not become public in the private ones. */
async function start() {
  const backend = openBackend();
  const ann = await signIn(backend);
  const header = session({
    ...{ title: "Fix\u202e the bug", url: "https://private.example/PRIVATE", model: "m" },
    ...{
      projectPath: "/srv/PRIVATE",
      projectName: "PRIVATE",
      provider: "PRIVATE",
      cost: 77777.7777,
    },
    ...{
      parentKey: "PRIVATE",
      activeLeafKey: "PRIVATE",
      durationMs: 777777777,
      createdAt: 5,
      updatedAt: 6,
    },
    tokens: { total: 777777777 },
  });
  const parts = [
    { type: "text" as const, text: "hello from /home/ann/project" },
    { type: "reasoning" as const, text: "thinking" },
    {
      ...{ type: "tool-call" as const, toolCallId: "PRIVATE", toolName: "bash", title: "List" },
      ...{ input: '{"command":"ls"}', childKey: "PRIVATE" },
    },
    { type: "tool-result" as const, toolCallId: "PRIVATE", output: "a b", metadata: "PRIVATE" },
    {
      ...{ type: "file" as const, name: "C:\\PRIVATE\\shot.png", mediaType: "image/png" },
      ...{ url: "https://private.example/PRIVATE", size: 777777777 },
    },
    {
      ...{ type: "source" as const, url: "https://docs.example/a?b=1", title: "A <page>" },
      snippet: "PRIVATE",
    },
    { type: "unknown" as const, kind: "PRIVATE", json: '"PRIVATE"' },
  ];
  const first = await message({
    ...{
      parts,
      parentKey: "PRIVATE",
      model: "m",
      provider: "PRIVATE",
      cost: 77777.7777,
      createdAt: 5,
    },
    ...{
      finish: "PRIVATE",
      error: { name: "PRIVATE", message: "PRIVATE" },
      tokens: { total: 777777777 },
    },
  });
  const second = await message({ key: "m2", position: 1, role: "assistant", parts: text("hi") });
  const { sessionId } = await ann.mutation(api.sessions.record, {
    session: header,
    messages: [second, first],
  });
  await ann.mutation(api.organise.update, {
    sessionIds: [sessionId],
    change: {
      tags: ["PRIVATE"],
      evalNotes: "PRIVATE",
      expectedOutput: "PRIVATE",
      isEvalReady: true,
    },
  });
  const share = async (isFrozen = false) =>
    (await ann.mutation(api.shares.create, { sessionId, isFrozen }))!;
  const json = async (slug: string) => await backend.fetch(`/s/${slug}.json`);
  return { backend, ann, sessionId, share, json, header };
}

describe("what becomes public", () => {
  test("is the allow-list, exactly what the preview shows, and nothing private", async () => {
    const { ann, sessionId, share, json } = await start();
    const preview = await ann.query(api.shares.preview, { sessionId });
    expect(preview).toMatchInlineSnapshot(`
      {
        "agent": "opencode",
        "createdAt": 5,
        "isWhole": true,
        "messages": [
          {
            "createdAt": 5,
            "isWhole": true,
            "model": "m",
            "parts": [
              {
                "text": "hello from ~/project",
                "type": "text",
              },
              {
                "text": "thinking",
                "type": "reasoning",
              },
              {
                "input": "{"command":"ls"}",
                "title": "List",
                "toolName": "bash",
                "type": "tool-call",
              },
              {
                "output": "a b",
                "type": "tool-result",
              },
              {
                "mediaType": "image/png",
                "name": "shot.png",
                "type": "file",
              },
              {
                "title": "A <page>",
                "type": "source",
                "url": "https://docs.example/a?b=1",
              },
            ],
            "role": "user",
          },
          {
            "isWhole": true,
            "parts": [
              {
                "text": "hi",
                "type": "text",
              },
            ],
            "role": "assistant",
          },
        ],
        "model": "m",
        "title": "Fix  the bug",
        "updatedAt": 6,
      }
    `);
    for (const isFrozen of [false, true]) {
      const { slug } = await share(isFrozen);
      const answer = await json(slug);
      const body = await answer.text();
      expect(JSON.parse(body)).toEqual(preview);
      const page = await (await ann.fetch(`/s/${slug}`)).text();
      expect(page).toContain(
        '<a href="https://docs.example/a?b=1" rel="nofollow noopener noreferrer">A &lt;page&gt;</a>',
      );
      for (const secret of ["PRIVATE", "777777777", sessionId, "user_ann", "77777.7777"]) {
        expect(body).not.toContain(secret);
        expect(page).not.toContain(secret);
      }
    }
  });

  test("of a large message is all of it, and of a very large session its beginning", async () => {
    const { ann, sessionId } = await start();
    const large = await message({ key: "l", position: 2, parts: text("y".repeat(900_000)) });
    await ann.mutation(api.sessions.record, { session: session(), messages: [large] });
    const whole = (await ann.query(api.shares.preview, { sessionId }))!;
    expect(whole.messages.at(-1)!.parts).toEqual([{ type: "text", text: "y".repeat(900_000) }]);
    expect(whole.isWhole).toBe(true);
    for (let position = 3; position < 8; position += 1) {
      const more = { ...large, key: `l${position}`, position };
      await ann.mutation(api.sessions.record, { session: session(), messages: [more] });
    }
    const cut = (await ann.query(api.shares.preview, { sessionId }))!;
    expect(cut.isWhole).toBe(false);
    expect(cut.messages).toHaveLength(6);
  });

  test("has its secrets hidden, also those that were stored", async () => {
    const { ann, sessionId } = await start();
    const key = `ghp_${"a1B2".repeat(10)}`;
    const parts = text(`token ${key}`);
    const leak = await message({ key: "leak", position: 9, parts });
    await ann.mutation(api.sessions.record, { session: session({ title: key }), messages: [leak] });
    const shown = (await ann.query(api.shares.preview, { sessionId }))!;
    expect(shown.title).toBe("[hidden: GitHub token]");
    expect(JSON.stringify(shown)).not.toContain(key);
  });
});

describe("a link", () => {
  test("has 192 random bits and is new at each share", async () => {
    const { share } = await start();
    const slugs = [await share(), await share(), await share(true)].map(({ slug }) => slug);
    expect(new Set(slugs).size).toBe(3);
    for (const slug of slugs) expect(slug).toMatch(/^[A-Za-z0-9_-]{32}$/);
  });

  test("leads nowhere as soon as it is revoked, and sharing again does not bring it back", async () => {
    const { backend, ann, sessionId, share, json } = await start();
    for (const isFrozen of [false, true]) {
      const { slug } = await share(isFrozen);
      expect((await json(slug)).status).toBe(200);
      await ann.mutation(api.shares.revoke, { slug });
      expect((await json(slug)).status).toBe(404);
      expect((await ann.fetch(`/s/${slug}`)).status).toBe(404);
      const again = await share(isFrozen);
      expect(again.slug).not.toBe(slug);
      expect((await json(slug)).status).toBe(404);
      await ann.mutation(api.shares.revoke, { slug: again.slug });
    }
    expect(await ann.query(api.shares.list, { sessionId })).toEqual([]);
    expect((await everything(backend)).shareChunks).toEqual([]);
  });

  test("of another person cannot be revoked", async () => {
    const { backend, share, json } = await start();
    const { slug } = await share();
    const bob = await signIn(backend, "user_bob");
    await bob.mutation(api.shares.revoke, { slug });
    expect((await json(slug)).status).toBe(200);
  });

  test("leads nowhere when its session is deleted", async () => {
    const { ann, sessionId, share, json } = await start();
    const { slug } = await share();
    await ann.mutation(api.sessions.remove, { sessionId });
    expect((await json(slug)).status).toBe(404);
  });

  test("shows the session as it was when frozen, and as it is when live", async () => {
    const { ann, share, json, header } = await start();
    const [live, frozen] = [await share(false), await share(true)];
    await ann.mutation(api.sessions.record, {
      session: { ...header, title: "Later" },
      messages: [await message({ key: "m3", position: 2, parts: text("later") })],
    });
    const titles = [live, frozen].map(async ({ slug }) => {
      const { title, messages } = (await (await json(slug)).json()) as typeof header & {
        messages: unknown[];
      };
      return [title, messages.length];
    });
    expect(await Promise.all(titles)).toEqual([
      ["Later", 3],
      ["Fix  the bug", 2],
    ]);
  });

  test("cannot be had more than 20 times for one session", async () => {
    const { share } = await start();
    for (let index = 0; index < 20; index += 1) await share();
    await expect(share()).rejects.toMatchObject({ data: { code: "invalid-change" } });
  });

  test("is not looked up unless it is shaped like one", async () => {
    const { json, backend } = await start();
    for (const slug of ["", "x", "a".repeat(33), "../api", "%00", "a".repeat(10_000)]) {
      expect((await json(slug)).status).toBe(404);
    }
    expect((await backend.fetch("/s/")).status).toBe(404);
  });
});

test.each<[string, string]>([
  ["private key", "-----BEGIN RSA PRIVATE KEY-----\nMIIabc\nabc=\n-----END RSA PRIVATE KEY-----"],
  ["OpenSync key", `osk_${"a".repeat(46)}`],
  ["API key", `sk-ant-api03-${"b".repeat(40)}`],
  ["API key", `sk_live_${"c".repeat(24)}`],
  ["API key", `AIza${"d".repeat(35)}`],
  ["GitHub token", `github_pat_${"e".repeat(40)}`],
  ["AWS key", "AKIAIOSFODNN7EXAMPLE"],
  ["Slack token", "xoxb-123456789012-abcdef"],
  ["token", `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.${"f".repeat(20)}`],
])("%s is hidden in text, JSON and code", (kind, secret) => {
  for (const around of [
    ["", ""],
    ['{"k":"', '"}'],
    ["`", "`, and"],
    ["=", "\n"],
  ]) {
    const hidden = hideSecrets(`${around[0]}${secret}${around[1]}`);
    expect(hidden).toBe(`${around[0]}[hidden: ${kind}]${around[1]}`);
  }
});

test("values of named secrets are hidden and their names stay", () => {
  expect(hideSecrets("postgres://ann:hunter22@db/x")).toBe(
    "postgres://ann:[hidden: password]@db/x",
  );
  expect(hideSecrets("Authorization: Bearer abcdefghij")).toBe(
    "Authorization: Bearer [hidden: token]",
  );
  expect(hideSecrets('"password": "hunter22"')).toBe('"password": "[hidden: password]"');
});

test("looks for secrets in time that grows with the text, whatever it is", () => {
  const begins = ["-----BEGIN PRIVATE KEY-----", "sk-", "a://", "password: '", "eyJ", "/home/"];
  for (const begin of begins) {
    const started = performance.now();
    hideSecrets(begin.repeat(Math.floor(200_000 / begin.length)));
    expect(performance.now() - started).toBeLessThan(5_000);
  }
});
