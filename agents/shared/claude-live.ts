/** A live turn of claude.ai: what the page sent, and the events of the answer. */
import type { MessageReading, Observation, Readings } from "../agent";
import { pathMatch } from "./address";
import { contentParts } from "./claude-content";
import { isUuid, linked, messageParts, positionOf } from "./claude-messages";
import { readAnswer } from "./claude-stream";
import { asRecord, asString, compact, parseJson } from "./json";

type Json = Record<string, unknown>;

const COMPLETION =
  /^\/api\/organizations\/([\w-]+)\/chat_conversations\/([\w-]+)\/(?:retry_)?completion(?:\?|$)/;

/** What the person wrote; nothing where an answer was asked for again. */
function readPrompt(request: Json, key: string | undefined): MessageReading[] {
  if (!key) return [];
  const parts = messageParts({ ...request, text: request.prompt }, key);
  if (parts.length === 0) return [];
  const parentKey = asString(request.parent_message_uuid);
  return [
    compact({
      key,
      parentKey: isUuid(parentKey) && !/^0{8}-/.test(parentKey) ? parentKey : undefined,
      role: "user" as const,
      position: positionOf(key, undefined, 0),
      state: "final" as const,
      parts,
    }),
  ];
}

/** Puts the two of a turn in order without cutting the prompt from the message before it, which this reading does not hold. */
function turnOf(prompt: MessageReading[], answer: MessageReading[]): MessageReading[] {
  const parents = new Map(prompt.map(({ key, parentKey }) => [key, parentKey]));
  return linked([...prompt, ...answer], true).map((message, index) => {
    const parentKey = parents.has(message.key)
      ? parents.get(message.key)
      : answer[index - prompt.length]?.parentKey;
    return compact({ ...message, parentKey });
  });
}

function isTemporary(request: Json, pageUrl: string): boolean {
  const isNewOne = asRecord(request.create_conversation_params)?.is_temporary === true;
  return isNewOne || URL.parse(pageUrl)?.searchParams.has("incognito") === true;
}

/** Reads one sent message and its answer. */
export function readCompletion(observation: Observation): Readings {
  const [, account, key] = pathMatch(observation, COMPLETION) ?? [];
  if (!isUuid(key)) return null;
  const answer = readAnswer(observation.body);
  // A refusal before the turn began (a limit, a rule): nothing was said.
  if (!answer.isAnswer) return asRecord(parseJson(observation.body))?.type === "error" ? [] : null;
  const request = asRecord(parseJson(observation.request ?? "")) ?? {};
  const chosen = asRecord(request.turn_message_uuids);
  const promptKey = asString(chosen?.human_message_uuid) ?? answer.parentKey;
  const prompt = readPrompt(request, promptKey);
  const answerKey = answer.key ?? asString(chosen?.assistant_message_uuid);
  const written: MessageReading[] = answerKey
    ? [
        compact({
          key: answerKey,
          parentKey: answer.parentKey ?? promptKey ?? asString(request.parent_message_uuid),
          role: "assistant" as const,
          position: positionOf(answerKey, undefined, 1),
          state: answer.isEnded ? ("final" as const) : ("partial" as const),
          finish: answer.finish,
          error: answer.error,
          parts: contentParts(answer.content, answerKey),
        }),
      ]
    : [];
  const origin = URL.parse(observation.url)?.origin ?? "";
  const project = asString(asRecord(request.create_conversation_params)?.project_uuid);
  return [
    compact({
      session: compact({
        agent: "claude",
        key,
        url: `${origin}/chat/${key}`,
        activeLeafKey: answerKey ?? promptKey,
        account,
        projectPath: project && `/project/${project}`,
        model: asString(request.model),
      }),
      messages: turnOf(prompt, written),
      isTemporary: isTemporary(request, observation.pageUrl) ? (true as const) : undefined,
    }),
  ];
}
