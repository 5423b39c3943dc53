import { expect, test } from "vitest";
import { openBackend } from "./test.setup";

test("health says that the deployment is up, to any origin", async () => {
  const answer = await openBackend().fetch("/health", { method: "GET" });
  expect(answer.status).toBe(200);
  expect(answer.headers.get("Access-Control-Allow-Origin")).toBe("*");
  expect(await answer.json()).toEqual({ status: "ok", timestamp: expect.any(Number) });
});

test.each(["/health", "/api/sessions", "/sync/session"])("preflight of %s", async (path) => {
  const answer = await openBackend().fetch(path, { method: "OPTIONS" });
  expect(answer.status).toBe(204);
  expect(answer.headers.get("Access-Control-Allow-Methods")).toBe("GET, POST, DELETE, OPTIONS");
  expect(answer.headers.get("Access-Control-Allow-Headers")).toBe("Authorization, Content-Type");
  expect(answer.headers.has("Access-Control-Allow-Credentials")).toBe(false);
});
