/** The tree that messages make through `parentKey`. Every helper takes linear time and stands loops and missing parents. */
import type { MessageReading } from "../agent";

/** How far apart two messages lie that the site gives one time, in ms: a power of two, so that sums are exact. */
const STEP = 1 / 1024;

/** The messages in their order, each behind its parent: one that the site gives its parent's time, or an earlier one, is moved up. */
export function risingPositions(messages: MessageReading[]): MessageReading[] {
  const byKey = new Map(messages.map((message) => [message.key, message]));
  const positions = new Map<string, number>();
  for (const message of messages) {
    const climbed: MessageReading[] = [];
    const passed = new Set<string>();
    let at: MessageReading | undefined = message;
    while (at && !positions.has(at.key) && !passed.has(at.key)) {
      passed.add(at.key);
      climbed.push(at);
      at = at.parentKey === undefined ? undefined : byKey.get(at.parentKey);
    }
    for (const next of climbed.reverse()) {
      const parent = next.parentKey === undefined ? undefined : positions.get(next.parentKey);
      const least = parent === undefined ? next.position : parent + STEP;
      positions.set(next.key, Math.max(next.position, least));
    }
  }
  return messages.map((message) => ({
    ...message,
    position: positions.get(message.key) ?? message.position,
  }));
}

/** Key of the leaf that a page shows which opens the newest branch everywhere: the last root, its last child, and so on. */
export function lastLeaf(messages: MessageReading[]): string | undefined {
  const keys = new Set(messages.map(({ key }) => key));
  const lastChild = new Map<string, string>();
  let root: string | undefined;
  for (const { key, parentKey } of messages) {
    if (parentKey === undefined || !keys.has(parentKey)) root = key;
    else lastChild.set(parentKey, key);
  }
  let leaf = root;
  for (let steps = keys.size; leaf !== undefined && steps > 0; steps -= 1) {
    const child = lastChild.get(leaf);
    if (child === undefined) return leaf;
    leaf = child;
  }
  return leaf;
}
