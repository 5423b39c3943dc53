import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SILENT_AFTER_MS, watchSilence } from "./silence";

const selectors = ["[data-message]"];
const report = vi.fn();

beforeEach(() => {
  vi.useFakeTimers();
  document.body.innerHTML = "";
});
afterEach(() => vi.useRealTimers());

describe("a page whose traffic says nothing", () => {
  it("is reported once when it shows messages", () => {
    document.body.innerHTML = "<p data-message>Hello</p>";
    watchSilence({ selectors, report });
    vi.advanceTimersByTime(SILENT_AFTER_MS - 1);
    expect(report).not.toHaveBeenCalled();
    vi.advanceTimersByTime(10 * SILENT_AFTER_MS);
    expect(report).toHaveBeenCalledTimes(1);
  });

  it("is reported when they lie in a shadow root", () => {
    const outer = document.body.appendChild(document.createElement("div"));
    const inner = outer.attachShadow({ mode: "open" }).appendChild(document.createElement("div"));
    inner.attachShadow({ mode: "open" }).innerHTML = "<p data-message>Hello</p>";
    watchSilence({ selectors, report });
    vi.advanceTimersByTime(SILENT_AFTER_MS);
    expect(report).toHaveBeenCalledTimes(1);
  });

  it.each([
    ["it shows no messages", () => undefined],
    ["something was seen", (watch: ReturnType<typeof watchSilence>) => watch.seen()],
    ["capture ended", (watch: ReturnType<typeof watchSilence>) => watch.stop()],
  ])("is not reported when %s", (why, act) => {
    if (why !== "it shows no messages") document.body.innerHTML = "<p data-message>Hello</p>";
    act(watchSilence({ selectors, report }));
    vi.advanceTimersByTime(10 * SILENT_AFTER_MS);
    expect(report).not.toHaveBeenCalled();
  });
});
