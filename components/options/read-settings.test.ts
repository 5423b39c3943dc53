import { describe, expect, it } from "vitest";
import { readClientId, readConvexUrl } from "./read-settings";

describe("readConvexUrl", () => {
  it.each([
    ["https://happy-animal-123.convex.cloud/", "https://happy-animal-123.convex.cloud"],
    [" https://convex.example.com:8000 ", "https://convex.example.com:8000"],
    ["http://127.0.0.1:3210", "http://127.0.0.1:3210"],
    ["https://example.com/convex/", "https://example.com/convex"],
  ])("takes %j", (typed, url) => expect(readConvexUrl(typed)).toEqual({ url }));

  it.each([
    ["", "Type the deployment's URL"],
    ["happy-animal-123", "Start the URL with https://"],
    ["https://", "not a URL"],
    ["http://convex.example.com", "Use https://"],
    ["https://happy-animal-123.convex.site", "https://happy-animal-123.convex.cloud"],
    ["https://key@happy-animal-123.convex.cloud", "Leave out"],
  ])("says what is wrong with %j", (typed, error) =>
    expect(readConvexUrl(typed)).toEqual({ error: expect.stringContaining(error) }),
  );
});

describe("readClientId", () => {
  it("takes a client id", () =>
    expect(readClientId(" client_01ABC ")).toEqual({ clientId: "client_01ABC" }));

  it.each([
    ["", "Copy the client id"],
    ["sk_test_123", "secret API key"],
    ["01ABC", "starts with client_"],
    ["client_01 ABC", "starts with client_"],
  ])("says what is wrong with %j", (typed, error) =>
    expect(readClientId(typed)).toEqual({ error: expect.stringContaining(error) }),
  );
});
