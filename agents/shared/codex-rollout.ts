/** Session files of Codex' command line (`rollout-….jsonl`): one line an event, without ids, only ever added to. */
import type { MessageReading, Reading, SessionReading, Tokens } from "../agent";
import { readItem, readMessageContent, readUsage, usageSince } from "./codex-items";
import { asRecord, asString, compact } from "./json";
import { isoTime, textParts } from "./parts";
import { risingPositions } from "./tree";

type Json = Record<string, unknown>;

/** What is known after some lines. */
class Rollout {
  readonly messages: MessageReading[] = [];
  readonly session: Partial<SessionReading> = {};
  #answer: MessageReading | undefined;
  #model: string | undefined;
  #before: Tokens | undefined;

  /** `index` is the line's number, which stays: it makes the keys. */
  take(line: Json, index: number): void {
    const time = isoTime(line.timestamp);
    if (time !== undefined) this.session.updatedAt = time;
    const payload = asRecord(line.payload);
    if (!payload) {
      // Before 2025-09 a line was the item itself, and the first one the header.
      if (index === 0 && typeof line.id === "string") this.#takeHeader(line);
      else if (typeof line.type === "string") this.#takeItem(line, index, time);
    } else if (line.type === "session_meta") this.#takeHeader(payload);
    else if (line.type === "turn_context") this.#model = asString(payload.model) ?? this.#model;
    else if (line.type === "response_item") this.#takeItem(payload, index, time);
    else if (line.type === "compacted") this.#add("system", index, time, payload.message);
    else if (line.type === "event_msg") this.#takeEvent(payload);
  }

  #takeHeader(header: Json): void {
    // A session that was taken up again repeats the header of the one before.
    if (this.session.key !== undefined) return;
    const repository = asString(asRecord(header.git)?.repository_url);
    Object.assign(this.session, {
      key: asString(header.id),
      createdAt: isoTime(header.timestamp),
      projectPath: asString(header.cwd),
      projectName: /([^/:]+?)(?:\.git)?\/?$/.exec(repository ?? "")?.[1],
      provider: asString(header.model_provider),
    });
  }

  #takeItem(item: Json, index: number, time: number | undefined): void {
    if (item.type !== "message") {
      const parts = readItem(item, time);
      if (parts.length > 0) this.#continue(index, time).parts.push(...parts);
      return;
    }
    const parts = readMessageContent(item.content);
    if (parts.length === 0 || item.role === "developer" || item.role === "system") return;
    if (item.role === "user") this.#add("user", index, time).parts.push(...parts);
    else this.#continue(index, time).parts.push(...parts);
  }

  /** Messages and thoughts come as items too; counts, errors and stops only as events. */
  #takeEvent(event: Json): void {
    if (event.type === "token_count") {
      const total = readUsage(asRecord(event.info)?.total_token_usage);
      if (!total) return;
      if (this.#answer) this.#answer.tokens = usageSince(total, this.#before);
      this.session.tokens = total;
    } else if (this.#answer && event.type === "turn_aborted") {
      this.#answer.finish = asString(event.reason) ?? "aborted";
    } else if (this.#answer && event.type === "error") {
      this.#answer.error = { name: "Error", message: asString(event.message) ?? "" };
    }
  }

  #add(role: "user" | "assistant" | "system", index: number, time?: number, text?: unknown) {
    const message: MessageReading = {
      key: `line-${index}`,
      parentKey: this.messages.at(-1)?.key,
      role,
      position: time ?? index,
      state: "final",
      createdAt: time,
      parts: textParts(text),
    };
    this.messages.push(message);
    this.#answer = undefined;
    this.#before = this.session.tokens;
    return message;
  }

  /** The answer that is being written: all that comes until the next prompt. */
  #continue(index: number, time: number | undefined): MessageReading {
    this.#answer ??= Object.assign(this.#add("assistant", index, time), { model: this.#model });
    this.#answer.completedAt = time;
    return this.#answer;
  }
}

/** The session of a file, from all its lines; null where they are no such file's, `[]` where nobody said anything. */
export function readRollout(lines: readonly unknown[]): Reading[] | null {
  const rollout = new Rollout();
  lines.forEach((value, index) => {
    const line = asRecord(value);
    if (line) rollout.take(line, index);
  });
  const { key } = rollout.session;
  if (!key) return null;
  if (rollout.messages.length === 0) return [];
  const session: SessionReading = compact({
    ...rollout.session,
    agent: "codex",
    key,
    activeLeafKey: rollout.messages.at(-1)?.key,
    model: rollout.messages.findLast(({ model }) => model !== undefined)?.model,
  });
  return [{ session, messages: risingPositions(rollout.messages.map(compact)) }];
}
