/** What a person decides over, where it really runs: public pages, the ZIP of everything, and erasing, over HTTP and on disk. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "@playwright/test";
import { ConvexHttpClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import { unzipSync } from "fflate";
import { afterAll, beforeAll, expect, it } from "vitest";
import { PEOPLE } from "./authkit/people.ts";
import { ensureChromium } from "./browsers.ts";
import { startStack, type Stack } from "./stack.ts";

const people = [...PEOPLE, { ...PEOPLE[0]!, id: "user_third", email: "third@example.com" }];

let dataDir: string;
let stack: Stack;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "control-"));
  stack = await startStack({ dataDir, people });
});
afterAll(async () => {
  await stack.close();
  rmSync(dataDir, { recursive: true });
});

/** A signed-in person. */
async function signIn(index: number) {
  const token = () => stack.authkit.control.tokenFor(stack.people[index]!.id);
  const client = new ConvexHttpClient(stack.convex.url);
  const query = async <T>(name: string, args: Record<string, unknown> = {}): Promise<T> => {
    client.setAuth(token());
    return await client.query(makeFunctionReference<"query", typeof args, T>(name), args);
  };
  const mutation = async <T>(name: string, args: Record<string, unknown> = {}): Promise<T> => {
    client.setAuth(token());
    return await client.mutation(makeFunctionReference<"mutation", typeof args, T>(name), args);
  };
  const { id } = await mutation<{ id: string }>("users:getOrCreate");
  return { id, query, mutation, token };
}
type Person = Awaited<ReturnType<typeof signIn>>;

const text = (content: string) => [{ type: "text" as const, text: content }];

function message(position: number, parts: object[]) {
  const key = `m${position}`;
  return { key, position, parts, role: "user", state: "final", hash: `hash ${position}` };
}

async function record(person: Person, key: string, messages: object[], title = key) {
  const session = { agent: "opencode", key, title };
  const args = { session, messages };
  return (await person.mutation<{ sessionId: string }>("sessions:record", args)).sessionId;
}

async function upload(person: Person, position: number, parts: object[]) {
  const url = await person.mutation<string>("files:generateUploadUrl");
  const body = JSON.stringify(parts);
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(url, { method: "POST", headers, body });
  const { storageId } = (await answer.json()) as { storageId: string };
  const file = { storageId, bytes: Buffer.byteLength(body), preview: "" };
  return { ...message(position, []), upload: file };
}

const share = async (person: Person, sessionId: string, isFrozen = false) =>
  (await person.mutation<{ slug: string }>("shares:create", { sessionId, isFrozen })).slug;

it("the lists of sessions are read by what the person said of them", async () => {
  const third = await signIn(2);
  const ids = [];
  for (const key of ["a", "b", "c"]) ids.push(await record(third, key, []));
  const update = async (sessionId: string | undefined, change: object) =>
    await third.mutation("organise:update", { sessionIds: [sessionId], change });
  await update(ids[0], { isArchived: true });
  await update(ids[1], { isStarred: true, tags: ["t"], isEvalReady: true });
  const keys = async (filter: object) => {
    const args = { paginationOpts: { numItems: 10, cursor: null }, ...filter };
    const { page } = await third.query<{ page: { key: string }[] }>("sessions:list", args);
    return page.map(({ key }) => key);
  };
  expect(await keys({})).toEqual(["c", "b"]);
  expect(await keys({ agent: "opencode" })).toEqual(["c", "b"]);
  expect(await keys({ isArchived: true })).toEqual(["a"]);
  for (const filter of [{ isStarred: true }, { tag: "t" }, { isEvalReady: true }]) {
    expect(await keys(filter)).toEqual(["b"]);
  }
});

const attacks = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "<svg onload=alert(1)>",
  "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
  "<body onload=alert(1)>",
  "<a href='javascript:alert(1)'>x</a>",
  "[x](javascript:alert(1))",
  "[x](JaVaScRiPt&colon;alert(1))",
  "[x](data:text/html,<script>alert(1)</script>)",
  "[x](vbscript:msgbox(1))",
  '[x](https://evil.test/"onmouseover=alert(1)")',
  '[x](https://evil.test "onclick=alert(1)")',
  "![x](https://evil.test/beacon.png)",
  "![x](javascript:alert(1))",
  "[![x](https://evil.test/b.png)](https://evil.test)",
  "<javascript:alert(1)>",
  "[x]: javascript:alert(1)\n\n[x]",
  "```html\n<script>alert(1)</script>\n```",
  '```"><script>alert(1)</script>\nx\n```',
  "```js onload=alert(1)\n</code></pre><script>alert(1)</script>\n```",
  "`<script>alert(1)</script>`",
  "</style><script>alert(1)</script>",
  "</title><script>alert(1)</script>",
  "<!--><script>alert(1)</script>-->",
  "<![CDATA[<script>alert(1)</script>]]>",
  "&lt;script&gt;alert(1)&lt;/script&gt;",
  "&#60;script&#62;alert(1)&#60;/script&#62;",
  "<form action='https://evil.test'><button>x</button></form>",
  "<meta http-equiv=refresh content='0;url=https://evil.test'>",
  "<base href='https://evil.test'>",
  "<link rel=stylesheet href='https://evil.test/x.css'>",
  "<style>@import 'https://evil.test/x.css';</style>",
  "<object data='https://evil.test'></object>",
  "<embed src='https://evil.test'>",
  "<math><mtext><script>alert(1)</script></mtext></math>",
  "<template><script>alert(1)</script></template>",
  "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
  "\u0000<script>alert(1)</script>",
  "<scr\u0000ipt>alert(1)</scr\u0000ipt>",
  "\u202e<script>alert(1)</script>",
  "# <script>alert(1)</script>",
  "| a |\n|---|\n| <img src=x onerror=alert(1)> |",
  "> <script>alert(1)</script>",
  "- <details open ontoggle=alert(1)>",
  "<https://evil.test/<script>alert(1)</script>>",
  "'\"><script>alert(1)</script>",
  "{{constructor.constructor('alert(1)')()}}",
  "${alert(1)}",
];

it("a public page runs nothing, loads nothing and is whole without JavaScript, whatever is in it", async () => {
  const ann = await signIn(0);
  const parts = attacks.flatMap((attack) => [
    ...[...text(attack), { type: "reasoning", text: attack }],
    { type: "tool-call", toolCallId: "1", toolName: attack, title: attack, input: attack },
    { type: "tool-result", toolCallId: "1", output: attack, isError: true },
    { type: "file", name: attack, mediaType: attack, url: "https://evil.test/file" },
  ]);
  const code = text("```ts\nconst answer: number = 42; // why\n```");
  const list = [
    { ...message(0, parts), model: attacks[0] },
    { ...message(1, code), role: "assistant", createdAt: 1e300 },
  ];
  const sessionId = await record(ann, "xss", list, attacks.join(" "));
  const slug = await share(ann, sessionId);
  const url = `${stack.convex.siteUrl}/s/${slug}`;
  const answer = await fetch(url);
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    "content-security-policy": expect.stringMatching(/^default-src 'none'; style-src 'nonce-/),
    "x-robots-tag": expect.stringContaining("noindex"),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
  });
  const browser = await chromium.launch({ executablePath: await ensureChromium() });
  try {
    const seen: string[] = [];
    const page = await browser.newPage();
    page.on("dialog", (dialog) => {
      seen.push(`dialog ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("request", (request) => seen.push(request.url()));
    page.on("console", (line) => seen.push(`console ${line.text()}`));
    await page.goto(url);
    await page.evaluate(() => {
      for (const details of document.querySelectorAll("details")) details.open = true;
    });
    expect(seen.filter((line) => !line.endsWith("/favicon.ico"))).toEqual([url]);
    const found = await page.evaluate(() => ({
      forbidden: [
        ...document.querySelectorAll(
          "script,img,svg,iframe,object,embed,form,button,base,link,math,template,meta[http-equiv]",
        ),
      ].map((element) => element.outerHTML),
      handlers: [...document.querySelectorAll("*")]
        .flatMap((element) => [...element.attributes])
        .map(({ name }) => name)
        .filter((name) => name.startsWith("on")),
      schemes: [...new Set([...document.links].map(({ protocol }) => protocol))],
      keyword: document.querySelector("pre .hljs-keyword")?.textContent,
      robots: document.querySelector("meta[name=robots]")?.getAttribute("content"),
      sections: document.querySelectorAll("section").length,
    }));
    expect(found).toEqual({
      ...{ forbidden: [], handlers: [], schemes: ["https:"], keyword: "const", sections: 2 },
      robots: expect.stringContaining("noindex"),
    });
    const shown = await page.evaluate(() => document.body.innerText);
    for (const attack of attacks.slice(0, 6)) expect(shown).toContain(attack);
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await page.emulateMedia({ colorScheme: "light" });
    const light = await background();
    await page.emulateMedia({ colorScheme: "dark" });
    expect(await background()).not.toBe(light);
  } finally {
    await browser.close();
  }
  await ann.mutation("shares:revoke", { slug });
  expect((await fetch(url)).status).toBe(404);
  expect((await fetch(`${url}.json`)).status).toBe(404);
});

it("the ZIP of everything holds files of any size, in volumes that fit an answer", async () => {
  const ann = await signIn(0);
  const unit = 'ä€😀"\\\n';
  const parts = text(unit.repeat(500_000));
  const file = await upload(ann, 1, parts);
  await record(ann, "files", [message(0, text("before")), file, message(2, text("after"))]);
  const body = JSON.stringify(parts);
  const pieces = new Map<string, Uint8Array>();
  let volumes = 0;
  for (let next: string | null = ""; next !== null; volumes += 1) {
    const url = new URL("/api/export/archive", stack.convex.siteUrl);
    if (next !== "") url.searchParams.set("cursor", next);
    const answer = await fetch(url, { headers: { Authorization: `Bearer ${ann.token()}` } });
    expect(answer.status).toBe(200);
    for (const entry of Object.entries(unzipSync(new Uint8Array(await answer.arrayBuffer())))) {
      pieces.set(...entry);
    }
    next = answer.headers.get("X-Next-Cursor");
  }
  expect(volumes).toBeGreaterThan(1);
  const names = [...pieces.keys()].filter((name) => name.startsWith("files/")).sort();
  expect(names.length).toBeGreaterThan(1);
  const joined = Buffer.concat(names.map((name) => pieces.get(name)!));
  expect(joined.equals(Buffer.from(body))).toBe(true);
});

/** Every row of every table but the log of what was scheduled, by table; rows about nobody included. */
async function snapshot(): Promise<Map<string, string[]>> {
  const headers = { Authorization: `Convex ${stack.convex.adminKey}` };
  const request = `${stack.convex.url}/api/export/request/zip`;
  await fetch(request, { method: "POST", headers });
  const zip = await fetch(`${stack.convex.url}/api/export/zip/x`, { headers });
  const files = unzipSync(new Uint8Array(await zip.arrayBuffer()));
  const tables = Object.entries(files).map(([name, content]): [string, string[]] => {
    const rows = Buffer.from(content).toString("utf8").split("\n");
    return [name.split("/")[0]!, rows.filter((row) => row !== "")];
  });
  return new Map(tables.filter(([table]) => !["_scheduled_functions", "_tables"].includes(table)));
}

const erased = async (person: Person) =>
  (await person.query<{ state: string } | null>("erase:progress"))?.state;

it("erasing one of three accounts leaves nothing of it, and the others byte for byte, also when the backend stops right after it began", async () => {
  const all = [await signIn(0), await signIn(1), await signIn(2)];
  for (const [index, person] of all.entries()) {
    const words = (position: number) => [
      ...text(`${person.id} asks ${position}`),
      { type: "tool-call", toolCallId: "c", toolName: "bash", input: `"${person.id}"` },
      { type: "tool-result", toolCallId: "c", output: person.id },
    ];
    const messages = Array.from({ length: 40 }, (_, position) =>
      message(position, words(position)),
    );
    for (let session = 0; session < 120; session += 1) {
      await record(person, `s${session}`, messages, `${person.id} ${session}`);
    }
    const large = message(41, text(`${person.id} `.repeat(10_000)));
    const file = await upload(person, 42, text(`${person.id} `.repeat(60_000)));
    const sessionId = await record(person, "s0", [large, file]);
    const change = { tags: [person.id], evalNotes: person.id };
    await person.mutation("organise:update", { sessionIds: [sessionId], change });
    await person.mutation("organise:block", { agent: "claude", key: person.id, isBlocked: true });
    await person.mutation("keys:create", { name: `key ${index}`, scopes: ["read"] });
    await share(person, sessionId, true);
  }
  const [ann, ...others] = all as [Person, ...Person[]];
  const before = await snapshot();
  const workosId = stack.people[0]!.id;
  const isAnns = (row: string) => row.includes(ann.id) || row.includes(workosId);
  const files = before.get("_storage")!.length;
  const filesOfAnn = new Set(
    before
      .get("files")!
      .filter(isAnns)
      .map((row) => (JSON.parse(row) as { storageId: string }).storageId),
  );

  await ann.mutation("erase:start", { scope: "account" });
  await stack.close();
  stack = await startStack({ dataDir, people });
  await expect.poll(() => erased(ann), { timeout: 50_000, interval: 200 }).toBe("erased");

  const after = await snapshot();
  expect(after.get("erasedAccounts")).toHaveLength(1);
  after.set("erasedAccounts", []);
  for (const [table, rows] of after) {
    const kept = before
      .get(table)!
      .filter((row) => !isAnns(row) && ![...filesOfAnn].some((id) => row.includes(id)));
    expect([table, rows.filter(isAnns)]).toEqual([table, []]);
    expect([table, rows]).toEqual([table, kept]);
  }
  expect(after.get("_storage")).toHaveLength(files - filesOfAnn.size);
  for (const other of others) expect(await erased(other)).toBeUndefined();
  await expect(record(ann, "late", [])).rejects.toMatchObject({ data: { code: "user-missing" } });
  await expect(ann.mutation("users:getOrCreate")).rejects.toMatchObject({
    data: { code: "account-erased" },
  });
}, 180_000);

it("an erased account is deleted at WorkOS too, by the deployment's key", async () => {
  const grace = await signIn(1);
  const changes = [
    { name: "WORKOS_API_KEY", value: "sk_test_default" },
    { name: "WORKOS_API_URL", value: stack.authkit.url },
  ];
  await fetch(`${stack.convex.url}/api/update_environment_variables`, {
    method: "POST",
    headers: {
      Authorization: `Convex ${stack.convex.adminKey}`,
      "Content-Type": "application/json",
    },
    body: JSON.stringify({ changes }),
  });
  const user = `${stack.authkit.url}/user_management/users/${stack.people[1]!.id}`;
  const headers = { Authorization: "Bearer sk_test_default" };
  expect((await fetch(user, { headers })).status).toBe(200);
  await grace.mutation("erase:start", { scope: "account" });
  await expect.poll(() => erased(grace), { timeout: 50_000, interval: 200 }).toBe("erased");
  expect((await fetch(user, { headers })).status).toBe(404);
}, 90_000);
