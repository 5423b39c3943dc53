/** What a page can do with fetch and its relatives. Run in a page, with and without the tap; the answers must be equal. */
export async function runFetchCases(): Promise<Record<string, unknown>> {
  const until = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const headersOf = (response: Response) =>
    [...response.headers].filter(([name]) => !["date", "keep-alive"].includes(name));
  const summary = (response: Response) => ({
    url: response.url,
    type: response.type,
    redirected: response.redirected,
    status: response.status,
    ok: response.ok,
    statusText: response.statusText,
    bodyUsed: response.bodyUsed,
    hasBody: response.body !== null,
    headers: headersOf(response),
    own: Reflect.ownKeys(response).map(String),
  });
  const attributesOf = (owner: object, key: PropertyKey) => {
    const { value, ...rest } = Object.getOwnPropertyDescriptor(owner, key) ?? {};
    return {
      ...rest,
      text: String(value),
      name: (value as { name?: string })?.name,
      length: (value as { length?: number })?.length,
      own: Reflect.ownKeys(value as object).map(String),
    };
  };
  const readAll = async (stream: ReadableStream<Uint8Array>) => {
    const reader = stream.getReader();
    let text = "";
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return text;
      text += decoder.decode(value, { stream: true });
    }
  };
  const text = async (...args: Parameters<typeof fetch>) => (await fetch(...args)).text();
  const open = (target: unknown) => target as RequestInfo;

  const cases: Record<string, () => unknown> = {
    text: () => text("/api/session/a"),
    json: async () => (await fetch("/api/session/a")).json(),
    arrayBuffer: async () => [...new Uint8Array(await (await fetch("/api/bytes")).arrayBuffer())],
    blob: async () => {
      const blob = await (await fetch("/api/bytes")).blob();
      return [blob.size, blob.type];
    },
    formData: async () => [...(await (await fetch("/api/form")).formData())],
    "what a response says": async () => summary(await fetch("/api/session/a?x=1")),
    "a second reading is refused": async () => {
      const r = await fetch("/api/session/a");
      await r.text();
      return [r.bodyUsed, await r.text()];
    },
    "body is one object": async () => {
      const r = await fetch("/api/session/a");
      return [r.body === r.body, r.bodyUsed, r.body?.locked];
    },
    "a page's own clone": async () => {
      const r = await fetch("/api/session/a");
      const c = r.clone();
      return [await c.text(), await r.text(), summary(c)];
    },
    "a clone after reading is refused": async () => {
      const r = await fetch("/api/session/a");
      await r.text();
      return r.clone();
    },
    "reading by reader": async () => readAll((await fetch("/api/session/a")).body!),
    "a locked body": async () => {
      const r = await fetch("/api/session/a");
      const reader = r.body!.getReader();
      const locked = r.body!.locked;
      reader.releaseLock();
      return [locked, r.body!.locked, await r.text()];
    },
    "two readers are refused": async () => {
      const r = await fetch("/api/session/a");
      r.body!.getReader();
      return r.body!.getReader();
    },
    "for await": async () => {
      let all = 0;
      for await (const chunk of (await fetch("/api/session/a"))
        .body! as unknown as AsyncIterable<Uint8Array>)
        all += chunk.length;
      return all;
    },
    tee: async () => {
      const [a, b] = (await fetch("/api/session/a")).body!.tee();
      return [await readAll(a), await readAll(b)];
    },
    pipeThrough: async () => {
      const stream = (await fetch("/api/session/a")).body!.pipeThrough(new TextDecoderStream());
      let all = "";
      const reader = stream.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return all;
        all += value;
      }
    },
    pipeTo: async () => {
      let all = 0;
      await (
        await fetch("/api/session/a")
      ).body!.pipeTo(
        new WritableStream({
          write: (chunk: Uint8Array) => {
            all += chunk.length;
          },
        }),
      );
      return all;
    },
    "cancelling a body": async () => {
      const r = await fetch("/api/endless");
      const answer = await r.body!.cancel("enough");
      return [answer, r.bodyUsed, r.body!.locked];
    },
    "cancelling by reader": async () => {
      const r = await fetch("/api/endless");
      const reader = r.body!.getReader();
      await reader.read();
      return [await reader.cancel("enough"), await reader.read()];
    },
    "cancelling what it is piped through": async () => {
      const r = await fetch("/api/endless");
      const reader = r.body!.pipeThrough(new TextDecoderStream()).getReader();
      return [await reader.read(), await reader.cancel()];
    },
    "aborted before": () => fetch("/api/session/a", { signal: AbortSignal.abort() }),
    "aborted with a reason": () =>
      fetch("/api/session/a", { signal: AbortSignal.abort(new RangeError("mine")) }),
    "aborted while it waits": async () => {
      const abort = new AbortController();
      const promise = fetch("/api/slow", { signal: abort.signal });
      abort.abort();
      return promise;
    },
    "aborted in the body": async () => {
      const abort = new AbortController();
      const r = await fetch("/api/endless", { signal: abort.signal });
      const reader = r.body!.getReader();
      await reader.read();
      abort.abort();
      return reader.read();
    },
    "aborted while text is read": async () => {
      const abort = new AbortController();
      const r = await fetch("/api/endless", { signal: abort.signal });
      const promise = r.text();
      await until(50);
      abort.abort();
      return promise;
    },
    timeout: () => text("/api/endless", { signal: AbortSignal.timeout(100) }),
    "a body that breaks off": () => text("/api/broken"),
    "a slow body": async () => {
      const reader = (await fetch("/api/slow")).body!.getReader();
      const decoder = new TextDecoder();
      const first = decoder.decode((await reader.read()).value);
      let all = first;
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return [first.startsWith("first"), all];
        all += decoder.decode(value);
      }
    },
    redirect: async () => summary(await fetch("/api/redirect")),
    "redirect: manual": async () => summary(await fetch("/api/redirect", { redirect: "manual" })),
    "redirect: error": () => fetch("/api/redirect", { redirect: "error" }),
    "404": async () => summary(await fetch("/api/status?code=404")),
    "500": async () => [
      summary(await fetch("/api/status?code=500")),
      await text("/api/status?code=500"),
    ],
    "204": async () => summary(await fetch("/api/empty")),
    HEAD: async () => summary(await fetch("/api/session/a", { method: "HEAD" })),
    POST: () => text("/api/echo", { method: "POST", body: "text" }),
    "post in lower case": () => text("/api/echo", { method: "post", body: "text" }),
    "POST of a form": async () =>
      (await text("/api/echo", { method: "POST", body: new URLSearchParams({ a: "1" }) })).includes(
        "a=1",
      ),
    "POST of bytes": () => text("/api/echo", { method: "POST", body: new Uint8Array([65, 66]) }),
    "POST of a form with a file": async () => {
      const form = new FormData();
      form.set("a", "1");
      form.set("b", new Blob(["2"]), "b.txt");
      const answer = await text("/rpc", { method: "POST", body: form });
      return [answer.includes("b.txt"), [...form].length];
    },
    "POST of a blob, used twice": async () => {
      const body = new Blob(["wanted"]);
      return [
        await text("/rpc", { method: "POST", body }),
        await text("/rpc", { method: "POST", body }),
      ];
    },
    "POST of bytes that change afterwards": async () => {
      const body = new Uint8Array([65, 66]);
      const promise = text("/rpc", { method: "POST", body });
      body.fill(67);
      return promise;
    },
    "POST of a stream": () =>
      text("/rpc", {
        method: "POST",
        body: new Blob(["wanted"]).stream(),
        duplex: "half",
      } as RequestInit),
    "a Request with a stream": async () => {
      const body = new Blob(["wanted"]).stream();
      const r = new Request("/rpc", { method: "POST", body, duplex: "half" } as RequestInit);
      return [r.bodyUsed, await text(r).catch((error: Error) => error.name), r.bodyUsed];
    },
    "a body that fails": async () => {
      const body = new ReadableStream({ start: (to) => to.error(new RangeError("mine")) });
      const init = { method: "POST", body, duplex: "half" } as RequestInit;
      const caught = (error: Error) => error.name;
      return [
        await text(new Request("/rpc", init)).catch(caught),
        await text("/rpc", { method: "POST", body: Symbol("x") as unknown as string }).catch(
          caught,
        ),
      ];
    },
    "a Request whose body is tapped": async () => {
      const r = new Request("/rpc", { method: "POST", body: "wanted" });
      const copy = r.clone();
      const answer = await text(r);
      return [answer, r.bodyUsed, copy.bodyUsed, await text(copy), summary(await fetch(copy.url))];
    },
    "GET with a body": () => fetch("/api/echo", { body: "x" }),
    "a Request": async () =>
      summary(await fetch(new Request("/api/session/a", { headers: { "x-a": "1" } }))),
    "a Request with a body": async () => {
      const r = new Request("/api/echo", { method: "POST", body: "once" });
      const answer = await text(r);
      return [answer, r.bodyUsed];
    },
    "a Request used twice": async () => {
      const r = new Request("/api/echo", { method: "POST", body: "once" });
      await fetch(r);
      return fetch(r);
    },
    "a Request and options": () =>
      text(new Request("/api/echo", { method: "POST", body: "a" }), { body: "b" }),
    "a URL": () => text(open(new URL("/api/session/a", location.href))),
    "an object with toString": async () => {
      let calls = 0;
      const answer = await text(
        open({
          toString: () => {
            calls += 1;
            return "/api/session/a";
          },
        }),
      );
      return [answer, calls];
    },
    "header list used up once": async () => {
      const headers = new Map([["x-a", "1"]]).entries();
      const r = await fetch("/api/session/a", { headers: headers as unknown as HeadersInit });
      return r.ok;
    },
    "a header getter": async () => {
      let calls = 0;
      await fetch("/api/session/a", {
        get credentials() {
          calls += 1;
          return "omit" as const;
        },
      });
      return calls;
    },
    "options that throw": () =>
      fetch("/api/session/a", {
        get method(): string {
          throw new RangeError("mine");
        },
      }),
    "an address that is none": () => fetch("http://"),
    "a method that is none": () => fetch("/api/session/a", { method: "A B" }),
    "a header that is none": () => fetch("/api/session/a", { headers: { "a b": "c" } }),
    "no argument": () => (fetch as unknown as () => unknown)(),
    "nobody there": () => fetch("http://127.0.0.1:9/api/session/a"),
    "another origin": () => fetch("http://127.0.0.1:9/"),
    "a data address": () => text("data:text/plain,hello"),
    "a blob address": () => text(URL.createObjectURL(new Blob(["hello"]))),
    "cache: only-if-cached": () =>
      fetch("/api/session/new", { cache: "only-if-cached", mode: "same-origin" }),
    keepalive: () => text("/api/echo", { method: "POST", body: "k", keepalive: true }),
    "the promise": () => {
      const promise = fetch("/api/session/a");
      return [
        Object.prototype.toString.call(promise),
        promise.constructor === Promise,
        Reflect.ownKeys(promise).length,
      ];
    },
    "this is window": () => fetch.call(window, "/api/session/a").then((r) => r.ok),
    "this is undefined": () =>
      fetch.call(undefined as unknown as Window, "/api/session/a").then((r) => r.ok),
    "this is another object": () => fetch.call({} as Window, "/api/session/a"),
    "new fetch": () => new (fetch as unknown as new (url: string) => unknown)("/api/session/a"),
    "what fetch looks like": () => [
      attributesOf(window, "fetch"),
      "prototype" in fetch,
      typeof fetch,
      Object.getPrototypeOf(fetch) === Function.prototype,
    ],
    "what the others look like": () => [
      attributesOf(XMLHttpRequest.prototype, "open"),
      attributesOf(XMLHttpRequest.prototype, "setRequestHeader"),
      attributesOf(XMLHttpRequest.prototype, "send"),
      attributesOf(WebSocket.prototype, "send"),
      attributesOf(ReadableStream.prototype, "cancel"),
      attributesOf(ReadableStream.prototype, "getReader"),
      attributesOf(ReadableStream.prototype, "pipeThrough"),
      attributesOf(ReadableStreamDefaultReader.prototype, "cancel"),
      attributesOf(window, "WebSocket"),
    ],
    "names on window": () =>
      Reflect.ownKeys(window)
        .map(String)
        .filter((key) => !/^\d+$|^__|playwright/i.test(key))
        .sort(),
    "errors of stream methods": () => ReadableStream.prototype.cancel.call({} as ReadableStream),
    "WebSocket is itself": () => [
      WebSocket.prototype.constructor === WebSocket,
      WebSocket.OPEN,
      new WebSocket("ws://127.0.0.1:9/") instanceof WebSocket,
    ],
    "WebSocket without new": () =>
      (WebSocket as unknown as (url: string) => unknown)("ws://127.0.0.1:9/"),
    "a subclass of WebSocket": () => {
      class Mine extends WebSocket {
        mine = 1;
      }
      const socket = new Mine("ws://127.0.0.1:9/");
      return [socket.mine, socket instanceof Mine, socket.constructor === Mine];
    },
    "WebSocket with a bad address": () => new WebSocket("nonsense://"),
    "a WebSocket": () =>
      new Promise((resolve) => {
        const socket = new WebSocket("/socket");
        socket.onmessage = ({ data }) => {
          socket.close();
          resolve([data, socket.url, socket.readyState]);
        };
      }),
    "an XMLHttpRequest": () =>
      new Promise((resolve) => {
        const xhr = new XMLHttpRequest();
        const order: string[] = [];
        xhr.onreadystatechange = () => order.push(`state ${xhr.readyState}`);
        xhr.onload = () => order.push("load");
        xhr.onloadend = () => resolve([order, xhr.responseText, xhr.status, xhr.responseURL]);
        xhr.open("GET", "/xhr/a");
        xhr.send();
      }),
    "an XMLHttpRequest of JSON": () =>
      new Promise((resolve) => {
        const xhr = new XMLHttpRequest();
        xhr.responseType = "json";
        xhr.onload = () => resolve([xhr.response, xhr.response === xhr.response]);
        xhr.open("get", "/xhr/a");
        xhr.send();
      }),
    "an XMLHttpRequest with a header and a body": () =>
      new Promise((resolve) => {
        const xhr = new XMLHttpRequest();
        const order: string[] = [];
        for (const name of ["loadstart", "progress", "load", "error", "abort", "loadend"])
          xhr.addEventListener(name, () => order.push(name));
        xhr.upload.onprogress = () => order.push("upload");
        xhr.open("POST", "/rpc");
        xhr.setRequestHeader("x-a", "1");
        xhr.setRequestHeader("x-a", "2");
        xhr.onloadend = () => resolve([order, xhr.responseText]);
        xhr.send("wanted");
      }),
    "an XMLHttpRequest that is aborted": () =>
      new Promise((resolve) => {
        const xhr = new XMLHttpRequest();
        xhr.open("GET", "/xhr/drip");
        xhr.onloadend = () => resolve([xhr.status, xhr.responseText, xhr.readyState]);
        xhr.onreadystatechange = () => xhr.readyState === 2 && xhr.abort();
        xhr.send();
      }),
    "an XMLHttpRequest with a header too early": () =>
      new XMLHttpRequest().setRequestHeader("x-a", "1"),
    "an XMLHttpRequest with a bad header": () => {
      const xhr = new XMLHttpRequest();
      xhr.open("GET", "/xhr/a");
      xhr.setRequestHeader("a b", "1");
    },
    "an XMLHttpRequest sent twice": () => {
      const xhr = new XMLHttpRequest();
      xhr.open("GET", "/xhr/a");
      xhr.send();
      xhr.send();
    },
    "a WebSocket that sends too early": () => new WebSocket("/turns").send("x"),
    "a WebSocket that sends": () =>
      new Promise((resolve) => {
        const socket = new WebSocket("/turns");
        socket.onopen = () => socket.send('{"end":1}');
        socket.onmessage = ({ data }) => {
          socket.close();
          resolve(data);
        };
      }),
    "a synchronous XMLHttpRequest": () => {
      const xhr = new XMLHttpRequest();
      xhr.open("GET", "/xhr/a", false);
      xhr.send();
      return xhr.responseText;
    },
    "an XMLHttpRequest opened twice": () =>
      new Promise((resolve) => {
        const xhr = new XMLHttpRequest();
        xhr.open("GET", "/xhr/a");
        xhr.open("GET", "/api/session/b");
        xhr.onload = () => resolve(xhr.responseText);
        xhr.send();
      }),
    "an XMLHttpRequest with a bad address": () => new XMLHttpRequest().open("GET", "http://"),
  };

  const unhandled: string[] = [];
  const note = ({ reason }: PromiseRejectionEvent) => unhandled.push(String(reason));
  addEventListener("unhandledrejection", note);
  const results: Record<string, unknown> = {};
  for (const [name, run] of Object.entries(cases)) {
    try {
      const value: unknown = await Promise.race([run(), until(5_000).then(() => "nothing came")]);
      results[name] = JSON.parse(
        JSON.stringify(value ?? null).replaceAll(location.host, "HOST"),
      ) as unknown;
    } catch (error) {
      const { name: kind, message } = error as Error;
      results[name] =
        `${error instanceof Error || error instanceof DOMException} ${kind}: ${message}`.replaceAll(
          location.host,
          "HOST",
        );
    }
  }
  await until(100);
  removeEventListener("unhandledrejection", note);
  return { ...results, "promises that nobody took": unhandled };
}
