import { describe, expect, it } from "vitest";
import { recogniseOrigin } from "./recognise";

const ORIGIN = "http://10.0.0.5:3000";

function hosted(id: string) {
  const isRecognised = (body: unknown) => (body as { is?: string }).is === id;
  return { id, selfHosted: { path: `/${id}/health`, isRecognised } };
}

const agents = [hosted("one"), { id: "site" }, hosted("two"), hosted("three")];

function recognise(fetch: (path: string) => Promise<Response>) {
  const fetchNow = (input: RequestInfo | URL) => fetch(new URL(input as string).pathname);
  return recogniseOrigin(ORIGIN, {
    agents,
    fetch: fetchNow as typeof globalThis.fetch,
    now: () => 7,
  });
}

describe("recognising an origin", () => {
  it("asks every agent's endpoint at once, and no others", async () => {
    const asked: string[] = [];
    const answers: (() => void)[] = [];
    const answer = recognise((path) => {
      asked.push(path);
      return new Promise((resolve) => {
        answers.push(() => resolve(Response.json({ is: path === "/two/health" ? "two" : "" })));
      });
    });
    expect(asked).toEqual(["/one/health", "/two/health", "/three/health"]);
    for (const give of answers.reverse()) give();
    expect(await answer).toEqual({ ok: true, value: { agentId: "two" } });
  });

  it("finds it though other paths fail or answer pages", async () => {
    const answer = await recognise((path) => {
      if (path === "/one/health") return Promise.reject(new TypeError("Failed to fetch"));
      if (path === "/two/health") return Promise.resolve(new Response("<html>"));
      return Promise.resolve(Response.json({ is: "three" }));
    });
    expect(answer).toEqual({ ok: true, value: { agentId: "three" } });
  });

  it.each([
    ["JSON of something else", () => Response.json({ is: "four" })],
    ["JSON that is null", () => Response.json(null)],
    ["a page", () => new Response("<html>", { status: 404 })],
    ["nothing at all", () => new Response(null, { status: 204 })],
  ])("takes %s for none of them", async (_, response) => {
    expect(await recognise(() => Promise.resolve(response()))).toEqual({
      ok: true,
      value: { agentId: null },
    });
  });

  it("reads no more than such an answer can hold", async () => {
    let given = 0;
    const endless = () =>
      new Response(
        new ReadableStream({
          pull(controller) {
            given += 1;
            controller.enqueue(new Uint8Array(64 * 1024).fill(32));
          },
        }),
      );
    expect(await recognise(() => Promise.resolve(endless()))).toEqual({
      ok: true,
      value: { agentId: null },
    });
    expect(given).toBeLessThan(30);
  });

  it("says when nothing answers", async () => {
    expect(await recognise(() => Promise.reject(new TypeError("Failed to fetch")))).toMatchObject({
      ok: false,
      trouble: {
        message: expect.stringContaining(`Nothing answers at ${ORIGIN}`) as string,
        at: 7,
      },
    });
  });
});
