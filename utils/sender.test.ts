import { describe, expect, it } from "vitest";
import { browser } from "./browser";
import { isOwnPage } from "./sender";

const { id } = browser.runtime;
const ours = browser.runtime.getURL("");

describe("isOwnPage", () => {
  it.each([
    ["a page", { id, url: `${ours}popup.html` }],
    ["a page with a query", { id, url: `${ours}archive.html?session=1#top` }],
    ["the worker, by its origin", { id, origin: ours.replace(/\/$/, "") }],
  ])("knows %s of this extension", (_what, sender) => {
    expect(isOwnPage(sender)).toBe(true);
  });

  it.each([
    ["a content script", { id, url: "https://chatgpt.com/c/1", origin: "https://chatgpt.com" }],
    ["a content script in a blank frame", { id, url: "about:blank" }],
    ["another extension's page", { id: "other", url: `${ours}popup.html` }],
    ["a page that only looks so", { id, url: `https://evil.example/${ours}popup.html` }],
    ["a host that begins so", { id, url: `${ours.replace(/\/$/, "")}.evil.example/` }],
    ["nobody", {}],
    ["our id alone", { id }],
    ["no address", { id, url: "not an address" }],
  ])("refuses %s", (_what, sender) => {
    expect(isOwnPage(sender)).toBe(false);
  });
});
