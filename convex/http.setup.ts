/** What the tests of the HTTP API share. */
import { expect } from "vitest";
import { api } from "./_generated/api";
import { type Backend, type Client, openBackend, signIn } from "./test.setup";
import type { KeyScope } from "./validators";

export type Answer = { status: number; headers: Headers; body: Record<string, unknown> };

/** Sends requests to the HTTP API as one caller. */
export type Http = {
  get(path: string): Promise<Answer>;
  post(path: string, body: unknown): Promise<Answer>;
  send(path: string, init: RequestInit): Promise<Answer>;
};

/** An HTTP client with this Authorization header, or none. */
export function httpOf(client: Pick<Client, "fetch">, authorization?: string): Http {
  const send = async (path: string, init: RequestInit): Promise<Answer> => {
    const headers = new Headers(init.headers);
    if (authorization !== undefined) headers.set("Authorization", authorization);
    const response = await client.fetch(path, { ...init, headers });
    expect(response.headers.get("Access-Control-Allow-Origin")).toBe("*");
    const text = await response.text();
    const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
    const body = isJson ? (JSON.parse(text) as Record<string, unknown>) : { text };
    return { status: response.status, headers: response.headers, body };
  };
  return {
    send,
    get: async (path) => await send(path, { method: "GET" }),
    post: async (path, body) => await send(path, { method: "POST", body: JSON.stringify(body) }),
  };
}

/** A signed-in person's API key. */
export async function keyOf(
  client: Client,
  scopes: KeyScope[] = ["read", "write"],
): Promise<string> {
  return (await client.mutation(api.keys.create, { name: "Test", scopes })).key;
}

/** A backend with Ann, who calls by key. */
export async function openHttp(): Promise<{ backend: Backend; ann: Client; http: Http }> {
  const backend = openBackend();
  const ann = await signIn(backend);
  return { backend, ann, http: httpOf(backend, `Bearer ${await keyOf(ann)}`) };
}
