/** Finding elements through shadow roots that are open. */

/** Every open shadow root in `root`, those inside others too. */
export function shadowRoots(root: ParentNode): ShadowRoot[] {
  const roots: ShadowRoot[] = [];
  for (const { shadowRoot } of root.querySelectorAll("*")) {
    if (shadowRoot) roots.push(shadowRoot, ...shadowRoots(shadowRoot));
  }
  return roots;
}

/** What the first selector that finds any finds, in the order of the document. */
export function findIn(roots: readonly ParentNode[], selectors: readonly string[] = []): Element[] {
  for (const selector of selectors) {
    const found = roots.flatMap((root) => [...root.querySelectorAll(selector)]);
    if (found.length > 0) return found;
  }
  return [];
}

/** The same in one place; shadow roots are looked into where the place itself has none. */
export function findAll(root: ParentNode, selectors: readonly string[] = []): Element[] {
  const found = findIn([root], selectors);
  return found.length > 0 || selectors.length === 0 ? found : findIn(shadowRoots(root), selectors);
}

/** The node above, out of shadow roots too. */
export function parentOf(node: Node): Node | null {
  return node instanceof ShadowRoot ? node.host : node.parentNode;
}

/** Elements that match, `element` itself among them, shadow roots included. */
export function matchesIn(element: Element, selectors: readonly string[] = []): Element[] {
  for (const selector of selectors) if (element.matches(selector)) return [element];
  return findAll(element.shadowRoot ?? element, selectors);
}

/** Of elements those that lie in no other of them. */
export function outermost(elements: readonly Element[]): Element[] {
  const all = new Set<Node>(elements);
  return elements.filter((element) => {
    for (let node = parentOf(element); node; node = parentOf(node)) if (all.has(node)) return false;
    return true;
  });
}
