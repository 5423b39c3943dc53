/** ChatGPT's sessions: the same body comes as answer of the API and as entry of the official export. */
import type { MessageReading, Reading, SessionReading } from "../agent";
import { listOf } from "./chatgpt-text";
import { type Node, readTree, timeOf } from "./chatgpt-tree";
import { asRecord, asString, compact } from "./json";

type Json = Record<string, unknown>;

/** The id of the session that a page shows, after projects, custom GPTs and the prefix of Work mode. */
export function sessionOf(url: URL): string | null {
  const id = /^(?:\/[a-z]{2}(?:-[A-Za-z]{2,4})?)?(?:\/g\/[^/]+)?\/c\/([^/]+)\/?$/.exec(
    url.pathname,
  )?.[1];
  return id === undefined ? null : decodeId(id);
}

/** An id as the site writes it; in an address the colon of Work mode may be `%3A`. */
export function decodeId(id: string): string {
  return id.replace(/%3a/gi, ":");
}

/** Address and project of a session: the page's own where it shows this session. */
export function placeOf(key: string, pageUrl: string, gizmo?: unknown): Partial<SessionReading> {
  const page = URL.parse(pageUrl);
  if (page && sessionOf(page) === key) {
    const project = /\/g\/g-p-[0-9a-f]{16,}-([^/]+)\/c\//.exec(page.pathname)?.[1];
    return { url: page.origin + decodeId(page.pathname), projectName: project };
  }
  const origin = page && /(^|\.)(chatgpt|openai)\.com$/.test(page.hostname) ? page.origin : null;
  const group =
    asString(gizmo) && /^g-[\w-]+$/.test(gizmo as string) ? `/g/${gizmo as string}` : "";
  return { url: `${origin ?? "https://chatgpt.com"}${group}/c/${key}` };
}

/** The model that answered last before the leaf; messages are in order, so a branch need not be walked twice. */
export function modelOf(messages: MessageReading[], leaf: string | undefined): string | undefined {
  const byKey = new Map(messages.map((message) => [message.key, message]));
  let at = leaf === undefined ? undefined : byKey.get(leaf);
  for (let steps = byKey.size; at && steps > 0; steps -= 1) {
    if (at.model !== undefined) return at.model;
    at = at.parentKey === undefined ? undefined : byKey.get(at.parentKey);
  }
  return undefined;
}

/** The nodes of `mapping`, or of the flat list of messages, in which one without a parent follows the one before it. */
function nodesOf(body: Json): Map<string, Node> | null {
  const nodes = new Map<string, Node>();
  const mapping = asRecord(body.mapping);
  if (mapping) {
    for (const [id, value] of Object.entries(mapping)) {
      const node = asRecord(value);
      const message = asRecord(node?.message);
      if (node) nodes.set(id, { id, parent: asString(node.parent), message });
    }
    return nodes;
  }
  if (!Array.isArray(body.messages)) return null;
  let before: string | undefined;
  for (const value of body.messages) {
    const message = asRecord(value);
    const id = asString(message?.id);
    if (!message || !id) continue;
    const metadata = asRecord(message.metadata);
    const parent =
      asString(metadata?.parent_id) ?? asString(message.parent_id) ?? asString(message.parent);
    nodes.set(id, { id, parent: parent ?? before, message });
    before = id;
  }
  return nodes;
}

/** Whether the nodes are ChatGPT's: others' exports have a `mapping` too. */
function areOwn(nodes: Map<string, Node>): boolean {
  for (const { message } of nodes.values()) {
    if (message)
      return asRecord(message.author) !== undefined && asRecord(message.content) !== undefined;
  }
  return false;
}

/** Marks of a session's body besides its messages. */
function isHeader(body: Json): boolean {
  return (
    typeof body.create_time === "number" &&
    ("conversation_id" in body || "current_node" in body || "default_model_slug" in body)
  );
}

/**
 * One session. `key` is the id that the request named. `[]` for a session without messages; null for what is no session of ChatGPT.
 */
export function readBody(
  body: Json,
  { key: named, pageUrl, isPart = false }: { key?: string; pageUrl: string; isPart?: boolean },
): Reading[] | null {
  const nodes = nodesOf(body);
  const key = asString(body.conversation_id) ?? named ?? asString(body.id);
  if (!key || !nodes || !areOwn(nodes)) {
    const isEmpty = !nodes || [...nodes.values()].every(({ message }) => !message);
    return isHeader(body) && isEmpty ? [] : null;
  }
  const { messages, keptAt } = readTree(nodes, { isPart, hasEnded: false });
  if (messages.length === 0) return [];
  const current = asString(body.current_node);
  const isFlat = !asRecord(body.mapping);
  const leaf = current ? keptAt(current) : isFlat && !isPart ? lastKept(body, keptAt) : undefined;
  const model = asString(body.default_model_slug);
  const isTemporary = body.is_temporary_chat === true || isMarkedTemporary(body, pageUrl);
  const session: SessionReading = compact({
    agent: "chatgpt",
    key,
    title: asString(body.title) || undefined,
    ...(isTemporary ? {} : placeOf(key, pageUrl, body.gizmo_id)),
    activeLeafKey: leaf,
    account: asString(body.workspace_id) || undefined,
    model: modelOf(messages, leaf) ?? (model === "auto" ? undefined : model),
    createdAt: timeOf(body.create_time),
    updatedAt: timeOf(body.update_time),
  });
  return [isTemporary ? { session, messages, isTemporary } : { session, messages }];
}

/** A temporary chat whose body does not say so: its page does, and no other page looks like that. */
function isMarkedTemporary(body: Json, pageUrl: string): boolean {
  return !("is_temporary_chat" in body) && isTemporaryPage(pageUrl);
}

/** Whether the page shows a temporary chat, whose id is never in its address. */
export function isTemporaryPage(pageUrl: string): boolean {
  return URL.parse(pageUrl)?.searchParams.get("temporary-chat") === "true";
}

function lastKept(body: Json, keptAt: (id: string | undefined) => string | undefined) {
  return keptAt(asString(asRecord(listOf(body.messages).at(-1))?.id));
}
