/** Which way a page was scrolled last: where messages belong that share nothing with those seen before. */
export interface Scrolling {
  side(): "above" | "below";
  stop(): void;
}

/** Listens to every scroller of the page. Its position is read only when it tells of a move, when that costs no layout. */
export function watchScrolling(page: Document): Scrolling {
  const tops = new WeakMap<object, number>();
  let side: "above" | "below" = "below";
  const ending = new AbortController();

  function onScroll({ target }: Event): void {
    const scroller = target === page ? page.scrollingElement : target;
    if (!(scroller instanceof Element)) return;
    const before = tops.get(scroller);
    const top = scroller.scrollTop;
    tops.set(scroller, top);
    if (before !== undefined && top !== before) side = top < before ? "above" : "below";
  }

  page.addEventListener("scroll", onScroll, {
    capture: true,
    passive: true,
    signal: ending.signal,
  });
  return { side: () => side, stop: () => ending.abort() };
}
