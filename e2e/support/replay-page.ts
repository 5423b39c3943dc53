import { secretOf, type Call, type Replay } from "./replay.ts";

/** How each transport is used: `play` makes the calls one after the other, and resolves to what the page itself got of each. */
const SCRIPT = `
  const PLAY = {
    async fetch({ method, url, headers, body, isStream }) {
      const response = await fetch(url, { method, headers, body, credentials: "include" });
      if (!isStream) return JSON.stringify(await response.json());
      const reader = response.body.getReader();
      const decoder = new TextDecoder();
      for (let text = ""; ; ) {
        const { done, value } = await reader.read();
        if (done) return text + decoder.decode();
        text += decoder.decode(value, { stream: true });
      }
    },
    xhr: ({ method, url, headers, body }) => new Promise((resolve, reject) => {
      const xhr = new XMLHttpRequest();
      xhr.open(method, url, true);
      xhr.withCredentials = true;
      for (const name in headers) xhr.setRequestHeader(name, headers[name]);
      let shown = "";
      xhr.onprogress = () => { shown = xhr.responseText; };
      xhr.onload = () => resolve(xhr.responseText);
      xhr.onerror = () => reject(new Error("The site did not answer."));
      xhr.send(body);
    }),
    websocket: ({ url, frames }) => new Promise((resolve, reject) => {
      const socket = new WebSocket(url);
      const got = [];
      let at = 0;
      const go = () => {
        while (frames[at]?.from === "page") socket.send(frames[at++].text);
        if (at === frames.length) resolve(got.join("\\n"));
      };
      socket.onopen = go;
      socket.onmessage = ({ data }) => { got.push(data); at += 1; go(); };
      socket.onerror = () => reject(new Error("The site closed the WebSocket."));
    }),
  };
  const play = async (calls) => {
    const got = [];
    for (const call of calls) got.push(await PLAY[call.transport](call));
    return got;
  };
`;

/** Whether the page takes the answer as it comes. */
export function isStream({ body, base64 }: Call): boolean {
  return typeof body === "string" || base64 !== undefined;
}

/** A call as the page makes it; it gets the answers from the site only. */
function asMade(call: Call, secret: string): Record<string, unknown> {
  const { transport, method, url, requestHeaders = {}, requestBody, frames } = call;
  const isText = requestBody === undefined || typeof requestBody === "string";
  const headers = Object.entries(requestHeaders).filter(([name]) => !/^authorization$/i.test(name));
  return {
    ...{ transport, method, url, isStream: isStream(call) },
    headers: { ...Object.fromEntries(headers), authorization: `Bearer ${secret}` },
    body: isText ? requestBody : JSON.stringify(requestBody),
    frames: frames?.map(({ from, text }) => (from === "page" ? { from, text } : { from })),
  };
}

/** A page that makes the calls at once, as its first script, and shows its markup; `played` on its window is what it got of each. */
export function replayPage(replay: Replay, calls: readonly Call[]): string {
  const secret = secretOf(replay);
  const given = JSON.stringify(calls.map((call) => asMade(call, secret)));
  const cookies = Object.entries({ ...replay.cookies, token: secret }).map(
    ([name, value]) => `document.cookie = ${JSON.stringify(`${name}=${value}; path=/; secure`)};`,
  );
  const script = [...cookies, SCRIPT, `window.played = play(${given.replaceAll("<", "\\u003c")});`];
  const shown = replay.markup ?? "";
  return `<!doctype html><title>A page</title><script>${script.join("")}</script>${shown}`;
}
