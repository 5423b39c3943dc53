/** One message of a page, read as an agent's rules say. */
import type { PageRules, Role } from "../../agents/agent";
import type { PageMessage } from "../../agents/shared/page-reading";
import { copyOf } from "./copy";
import { matchesIn, outermost, parentOf } from "./find";
import { markdownOf } from "./markdown";
import { fileOf } from "./references";

/** How far above a message its id may lie. */
const MAX_ABOVE = 6;
const DECORATION = /avatar|profile|logo|icon|favicon/i;

function isIn(node: Node, selector: string): boolean {
  for (let above: Node | null = node; above; above = parentOf(above)) {
    if (above instanceof Element && above.matches(selector)) return true;
  }
  return false;
}

/** The first role whose selector the element is, lies in, or holds; null where none does. */
export function roleOf(element: Element, roles: PageRules["roles"]): Role | null {
  const found = roles.find(
    ({ match }) => isIn(element, match) || matchesIn(element, [match]).length > 0,
  );
  return found?.role ?? null;
}

/** The site's id: of a list of ids the last, which is the text's. Above the message only as far as no other message lies there. */
export function idOf(
  element: Element,
  { ids: attributes = [], idPattern }: Pick<PageRules, "ids" | "idPattern">,
  neighbours: readonly Element[],
): string | undefined {
  for (const attribute of attributes) {
    const selector = `[${attribute}]`;
    let holder = element.matches(selector) ? element : undefined;
    let above = parentOf(element);
    for (let step = 0; !holder && above instanceof Element && step < MAX_ABOVE; step += 1) {
      const around: Element = above;
      if (neighbours.some((other) => around.contains(other))) break;
      if (around.matches(selector)) holder = around;
      above = parentOf(around);
    }
    holder ??= matchesIn(element, [selector])[0];
    const value = holder?.getAttribute(attribute)?.trim().split(/\s+/).at(-1) ?? "";
    const id = idPattern === undefined ? value : new RegExp(idPattern).exec(value)?.[1];
    if (id) return id.slice(0, 500);
  }
  return undefined;
}

/** What one of the selectors finds on or in an element: its text, or after `@` an attribute of it. */
function valueOf(element: Element, selectors: readonly string[] = []): string | undefined {
  for (const rule of selectors) {
    const [, selector = rule, attribute] = /^(.+)@([\w-]+)$/.exec(rule) ?? [];
    const [found] = matchesIn(element, [selector]);
    const value = attribute ? found?.getAttribute(attribute) : found?.textContent;
    if (value?.trim()) return value.trim().replace(/\s+/g, " ").slice(0, 500);
  }
  return undefined;
}

function imagesBeside(
  element: Element,
  bodies: readonly Element[],
  skip: (one: Element) => boolean,
) {
  return matchesIn(element, ["img"]).flatMap((image) => {
    if (bodies.some((body) => body.contains(image)) || isInSkipped(image, element, skip)) return [];
    const look = [image, image.parentElement].map((one) => one?.getAttribute("class") ?? "");
    if (DECORATION.test([image.getAttribute("alt") ?? "", ...look].join(" "))) return [];
    return fileOf(image as HTMLImageElement) ?? [];
  });
}

function isInSkipped(node: Node, top: Element, skip: (one: Element) => boolean): boolean {
  for (let above: Node | null = node; above && above !== top; above = parentOf(above)) {
    if (above instanceof Element && skip(above)) return true;
  }
  return false;
}

/** Reads one message. `neighbours`: the messages before and after it. Null where there is no role, or nothing to read. */
export function messageOf(
  element: Element,
  rules: PageRules,
  neighbours: readonly Element[],
): PageMessage | null {
  const role = roleOf(element, rules.roles);
  if (role === null) return null;
  const stripped = rules.strip?.join(", ") ?? "";
  const isStripped = (one: Element) => stripped !== "" && one.matches(stripped);
  const thoughts = outermost(matchesIn(element, rules.reasoning));
  const skip = (one: Element) => isStripped(one) || thoughts.includes(one);
  const found = outermost(matchesIn(element, rules.body)).filter(
    (one) => !thoughts.some((thought) => thought.contains(one)),
  );
  const bodies = found.length > 0 ? found : [element];
  const { element: copy, files, sources } = copyOf(bodies, skip);
  const text = markdownOf(copy);
  const reasoning = thoughts.length > 0 ? markdownOf(copyOf(thoughts, isStripped).element) : "";
  files.push(...imagesBeside(element, bodies, skip));
  if (text === "" && reasoning === "" && files.length === 0) return null;
  const fields = {
    id: idOf(element, rules, neighbours),
    model: valueOf(element, rules.model),
    time: valueOf(element, rules.time),
  };
  return {
    role,
    text,
    ...Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)),
    ...(reasoning === "" ? {} : { reasoning }),
    ...(files.length === 0 ? {} : { files }),
    ...(sources.length === 0 ? {} : { sources }),
  };
}
