import { expect, test, type Page } from "@playwright/test";
import { openCaptureWorld, type CaptureWorld, type Seen } from "./support/capture-world.ts";

let world: CaptureWorld;

test.beforeAll(async () => {
  world = await openCaptureWorld();
});

test.afterAll(async () => {
  await world.close();
});

test.afterEach(async () => {
  for (const page of world.context.pages().slice(1)) await page.close();
  await world.set({ seen: [] });
});

const TOKEN = "Bearer of-this-page-only";

/** The observations of one tap, once there are so many. */
async function seenBy(tap: string, count = 1): Promise<Seen["observation"][]> {
  let found: Seen["observation"][] = [];
  await expect(async () => {
    const all = (await world.seen()).map(({ observation }) => observation);
    found = all.filter((observation) => observation.tap === `test-agent/${tap}`);
    expect(found.length).toBeGreaterThanOrEqual(count);
  }).toPass({ intervals: [50], timeout: 20_000 });
  return found;
}

interface Init {
  method?: string;
  body?: string;
  headers?: Record<string, string>;
}

const text = (page: Page, url: string, init: Init = {}) =>
  page.evaluate(async ([to, how]) => (await fetch(to, how)).text(), [url, init] as const);

test.describe("a request's body", () => {
  test("comes along in every form that a page can send, and chooses what is copied", async () => {
    const page = await world.open("/");
    const sent = await page.evaluate(async () => {
      const form = new FormData();
      form.set("f.req", "wanted as a form");
      form.set("file", new Blob(["bytes"]), "a.txt");
      const bytes = new TextEncoder().encode("wanted as bytes: é😀");
      const bodies: BodyInit[] = [
        "wanted as text",
        new URLSearchParams({ q: "wanted as parameters" }),
        form,
        bytes,
        bytes.buffer,
        new Blob(["wanted as ", "a blob"]),
        `wanted and long ${"x".repeat(2_000_000)}`,
        "nothing of interest",
      ];
      for (const body of bodies) await (await fetch("/rpc", { method: "POST", body })).text();
      const request = new Request("/rpc", { method: "POST", body: "wanted as a request" });
      const answer = await (await fetch(request)).text();
      return [answer, request.bodyUsed];
    });
    expect(sent).toEqual([JSON.stringify({ key: "rpc", texts: ["wanted as a request"] }), true]);
    const requests = (await seenBy("asked", 8)).map(({ request }) => request);
    expect(requests.map((request) => request?.slice(0, 40))).toEqual([
      "wanted as text",
      "q=wanted+as+parameters",
      '{"f.req":"wanted as a form"}',
      "wanted as bytes: é😀",
      "wanted as bytes: é😀",
      "wanted as a blob",
      `wanted and long ${"x".repeat(24)}`,
      "wanted as a request",
    ]);
    expect(requests[6]).toHaveLength(1024 * 1024);
  });

  test("comes along from an XMLHttpRequest", async () => {
    const page = await world.open("/");
    await page.evaluate(async () => {
      for (const body of ["nothing", "wanted of old", new Blob(["wanted too"])]) {
        await new Promise((resolve) => {
          const xhr = new XMLHttpRequest();
          xhr.onloadend = resolve;
          xhr.open("POST", "/rpc");
          xhr.send(body);
        });
      }
    });
    const found = await seenBy("sent", 2);
    expect(found.map(({ request }) => request)).toEqual(["wanted of old", "wanted too"]);
    expect(JSON.parse(found[0]!.body)).toEqual({ key: "rpc", texts: ["wanted of old"] });
  });

  test("that is a stream is left to the page", async () => {
    const page = await world.open("/");
    const error = await page.evaluate(async () => {
      const body = new Blob(["wanted"]).stream();
      const init = { method: "POST", body, duplex: "half" } as RequestInit;
      // HTTP/1.1 has no streamed requests: the page hears so from its own call, as without the tap.
      return fetch("/rpc", init).then(
        () => "sent",
        ({ name }: Error) => name,
      );
    });
    expect(error).toBe("TypeError");
    expect(await world.seen()).toEqual([]);
  });
});

test("another host's traffic is copied where a rule names it, and only there", async () => {
  const page = await world.open("/");
  await text(page, `${world.site.other}/api/session/unnamed`);
  const body = await text(page, `${world.site.other}/elsewhere/named`);
  const [found] = await seenBy("elsewhere");
  expect(found).toMatchObject({ url: `${world.site.other}/elsewhere/named`, body });
  expect(await world.seen()).toHaveLength(1);
});

test("frames of a WebSocket are one observation up to the one that ends it, sent ones too", async () => {
  const page = await world.open("/");
  await page.evaluate(async () => {
    const socket = new WebSocket("/turns");
    await new Promise((resolve) => (socket.onopen = resolve));
    const echo = () => new Promise((resolve) => (socket.onmessage = resolve));
    for (const frame of ['{"turn":1}', '{"end":1}', '{"turn":2}']) {
      const answer = echo();
      socket.send(frame);
      await answer;
      // Longer than a batch without an end would wait.
      await new Promise((resolve) => setTimeout(resolve, 700));
    }
    const answer = echo();
    socket.send('{"end":2}');
    await answer;
  });
  const bodies = (await seenBy("turns", 4)).map(({ body }) => body.split("\n"));
  expect(bodies).toEqual([
    ['{"turn":1}', '{"turn":1}', '{"end":1}'],
    ['{"end":1}'],
    ['{"turn":2}', '{"turn":2}', '{"end":2}'],
    ['{"end":2}'],
  ]);
});

test("a stream with its own separator ends its turns without naming one, and asks with a cookie", async () => {
  const page = await world.open("/");
  await page.evaluate(() => void (document.cookie = "lastOrg=a%2Fb"));
  await text(page, "/timeline", { method: "POST", body: "{}", headers: { authorization: TOKEN } });
  const [found] = await seenBy("get");
  expect(found).toMatchObject({ url: `${world.site.origin}/api/session/turn7?of=a%2Fb` });
  // The page has never asked this path: its last matched request's headers are taken.
  expect(world.site.headersOf("/api/session/turn7")?.authorization).toBe(TOKEN);
});

test.describe("a session that only the request's address names is asked for", () => {
  const asked = (path: string) =>
    world.site.requests.filter((line) => line === `GET ${path}`).length;

  test("once, where the answer to an XMLHttpRequest leaves it out; the answer is read by the tap of that path", async () => {
    const page = await world.open("/");
    const open = (path: string) =>
      page.evaluate(
        ([url, token]) =>
          new Promise((resolve) => {
            const xhr = new XMLHttpRequest();
            xhr.onload = () => resolve(xhr.responseText);
            xhr.open("GET", url);
            xhr.setRequestHeader("authorization", token);
            xhr.send();
          }),
        [path, TOKEN] as const,
      );
    expect(await open("/xhr/empty/load1?of=page")).toBe('{"key":"load1","texts":[]}');
    const [empty, whole] = await seenBy("xhr", 2);
    expect(empty).toMatchObject({ url: `${world.site.origin}/xhr/empty/load1?of=page` });
    expect(whole).toMatchObject({ url: `${world.site.origin}/xhr/load1?by=page` });
    expect(JSON.parse(whole!.body)).toMatchObject({ key: "load1" });
    expect(world.site.headersOf("/xhr/load1")?.authorization).toBe(TOKEN);
    // An answer that leaves nothing out asks for nothing, and neither does the answer to an ask.
    await open("/xhr/load2?by=page");
    await seenBy("xhr", 3);
    await page.waitForTimeout(1_500);
    expect(asked("/xhr/load1?by=page")).toBe(1);
    expect(asked("/xhr/load2?by=page")).toBe(1);
    await open("/xhr/empty/load1?of=page");
    await seenBy("xhr", 5);
    expect(asked("/xhr/load1?by=page")).toBe(2);
  });

  test("at the end of a body whose last line does not end, which a tap takes too", async () => {
    const page = await world.open("/");
    const init = { method: "POST", body: "{}" };
    expect(await text(page, "/api/turn/turn8", init)).toContain('{"more":1}\n{"end":1}');
    const [body] = await seenBy("post");
    expect(body).toMatchObject({ url: `${world.site.origin}/api/turn/turn8`, isTruncated: false });
    const [found] = await seenBy("get");
    expect(found).toMatchObject({ url: `${world.site.origin}/api/session/turn8` });
    expect(asked("/api/session/turn8")).toBe(1);
  });

  test("by a WebSocket", async () => {
    const page = await world.open("/");
    await page.evaluate(async () => {
      for (const name of ["live1", "live2"]) {
        const socket = new WebSocket(`/live/${name}`);
        await new Promise((resolve) => (socket.onopen = resolve));
        const echo = new Promise((resolve) => (socket.onmessage = resolve));
        socket.send("ended");
        await echo;
      }
    });
    const urls = (await seenBy("get", 2)).map(({ url }) => url.slice(world.site.origin.length));
    expect(urls.sort()).toEqual(["/api/session/live1", "/api/session/live2"]);
  });
});

test("a body that is long on its way is handed over once as it is, and then whole", async () => {
  test.setTimeout(60_000);
  const page = await world.open("/");
  await page.evaluate(async () => {
    const xhr = new XMLHttpRequest();
    xhr.open("GET", "/xhr/drip");
    const whole = new Promise((resolve) => (xhr.onload = resolve));
    xhr.send();
    await Promise.all([whole, fetch("/api/drip").then((response) => response.text())]);
  });
  for (const tap of ["get", "xhr"]) {
    const found = await seenBy(tap, 2);
    expect(found.map(({ body, isTruncated }) => [body, isTruncated])).toEqual([
      ["begun ", true],
      ["begun ended", false],
    ]);
  }
});

test("what has come of a body is handed over when the page goes", async () => {
  const page = await world.open("/");
  await page.evaluate(async () => {
    const { body } = await fetch("/api/endless");
    await body!.getReader().read();
  });
  await page.goto(`${world.site.other}/`);
  const [found] = await seenBy("get");
  expect(found).toMatchObject({ body: "begin", isTruncated: true });
});

test("50 MB over an XMLHttpRequest are the page's, and cut for us", async () => {
  const page = await world.open("/");
  const length = await page.evaluate(
    () =>
      new Promise((resolve) => {
        const xhr = new XMLHttpRequest();
        xhr.onload = () => resolve(xhr.responseText.length);
        xhr.open("GET", "/xhr/large?bytes=50000000");
        xhr.send();
      }),
  );
  expect(length).toBeGreaterThan(50_000_000);
  const [found] = await seenBy("xhr");
  expect(found?.isTruncated).toBe(true);
  expect(found?.body).toHaveLength(16 * 1024 * 1024);
  expect((await world.control()).largest).toBeLessThanOrEqual(128 * 1024);
});

test("nothing of a request's headers crosses the port, though they are asked with", async () => {
  const page = await world.open("/");
  const pieces = await page.evaluate(async (token) => {
    // A page that takes its own tap over sees all that the port carries.
    const { port1, port2 } = new MessageChannel();
    const seen: unknown[] = [];
    port1.onmessage = ({ data }) => seen.push(data);
    const rule = { agent: "a", method: "GET", path: "^/api/" };
    const rules = [
      { ...rule, transport: "fetch" },
      { ...rule, transport: "xhr" },
      { ...rule, transport: "fetch", path: "^/events", stream: {} },
    ];
    const detail = { data: JSON.stringify(rules), ports: [port2], cancelable: true };
    window.dispatchEvent(new MessageEvent("opensync:hand-over", detail));
    const headers = { authorization: token, "x-api-key": token };
    await (await fetch("/api/session/one", { headers })).text();
    await (await fetch(new Request("/api/session/two", { headers }))).text();
    const xhr = new XMLHttpRequest();
    xhr.open("GET", "/api/session/three");
    xhr.setRequestHeader("authorization", token);
    const done = new Promise((resolve) => (xhr.onload = resolve));
    xhr.send();
    await done;
    const url = `${location.origin}/api/session/four`;
    port1.postMessage({ ask: 1, agent: "a", method: "GET", url });
    await new Promise((resolve) => setTimeout(resolve, 500));
    return JSON.stringify(seen);
  }, TOKEN);
  for (const name of ["one", "two", "three", "four"]) expect(pieces).toContain(`${name} said`);
  expect(world.site.headersOf("/api/session/four")?.authorization).toBe(TOKEN);
  expect(pieces).not.toContain(TOKEN);
  expect(pieces.toLowerCase()).not.toContain("authorization");
});

test.describe("what the background has a page ask", () => {
  test("goes out with the page's headers and cookies", async () => {
    const page = await world.open("/csp-none");
    await text(page, "/api/session/seen", { headers: { authorization: TOKEN } });
    await page.evaluate(() => void (document.cookie = "lastOrg=org-1"));
    const headers = { "x-more": "besides" };
    const answer = await world.askPage({ path: "/api/session/past?of={lastOrg}", headers });
    expect(answer).toEqual({
      status: 200,
      retryAfter: null,
      url: `${world.site.origin}/api/session/past?of=org-1`,
      method: "GET",
      request: "",
      body: JSON.stringify({ key: "past", texts: ["past said hello – ✓ 😀"] }),
      isTruncated: false,
    });
    expect(world.site.headersOf("/api/session/past")).toMatchObject({
      authorization: TOKEN,
      cookie: "lastOrg=org-1",
      "x-more": "besides",
    });
    // It is the background's to read, and no observation.
    expect(await seenBy("get")).toHaveLength(1);
  });

  test("can be a request of the page again, changed", async () => {
    const page = await world.open("/");
    const like = { tap: "sent", replace: [{ pattern: "page=(\\d)", with: "page=2$1" }] };
    expect(await world.askPage({ path: "", like })).toBeNull();
    await page.evaluate(async (token) => {
      const xhr = new XMLHttpRequest();
      xhr.open("POST", "/rpc?page=1");
      xhr.setRequestHeader("authorization", token);
      xhr.setRequestHeader("content-type", "application/x-www-form-urlencoded");
      const done = new Promise((resolve) => (xhr.onload = resolve));
      xhr.send("wanted&page=1");
      await done;
    }, TOKEN);
    await seenBy("sent");
    const answer = await world.askPage({ path: "", like });
    expect(answer).toMatchObject({
      url: `${world.site.origin}/rpc?page=21`,
      method: "POST",
      request: "wanted&page=21",
      body: JSON.stringify({ key: "rpc", texts: ["wanted&page=21"] }),
    });
    expect(world.site.headersOf("/rpc")).toMatchObject({
      authorization: TOKEN,
      "content-type": "application/x-www-form-urlencoded",
    });
    const elsewhere = { tap: "sent", replace: [{ pattern: "127.0.0.1", with: "localhost" }] };
    expect(await world.askPage({ path: "", like: elsewhere })).toBeNull();
  });

  test("can have a body, and tells a refusal and when to try again", async () => {
    await world.open("/");
    const ask = { method: "POST", path: "/rpc", body: '{"a":"{lastOrg}"}' };
    expect(await world.askPage(ask)).toMatchObject({ request: ask.body, status: 200 });
    expect(await world.askPage({ path: "/api/limited" })).toMatchObject({
      status: 429,
      retryAfter: 7,
      body: "slow down",
    });
    expect(await world.askPage({ path: "/api/empty" })).toMatchObject({ status: 204, body: "" });
  });

  test("stays on the page's own origin, and needs the cookies that it names", async () => {
    await world.open("/");
    const asked = () => world.site.requests.filter((line) => line.includes(" /api/")).length;
    const before = asked();
    for (const path of [`${world.site.other}/api/x`, "//example.test/x", "/api/{noSuchCookie}"]) {
      expect(await world.askPage({ path })).toBeNull();
    }
    expect(asked()).toBe(before);
  });
});
