import {
  defineAgent,
  type MessageReading,
  type Observation,
  type Part,
  type Readings,
} from "./agent";
import { sessionOn } from "./shared/address";
import { asNumber, asRecord, asRecords, asString, compact, parseJson } from "./shared/json";
import { GUESSED_MESSAGES, guessedPage } from "./shared/page-guess";
import { filePart, isoTime, textParts, uniqueByKey, unknownPart } from "./shared/parts";
import { siteMatch } from "./shared/site";

type Json = Record<string, unknown>;

const HOST = "^jules\\.googleapis\\.com$";
const SESSION = "^/v1(?:alpha|beta)?/sessions/([\\w-]+)(?:\\?|$)";
const ACTIVITIES = "^/v1(?:alpha|beta)?/sessions/([\\w-]+)/activities(?:\\?|$)";

/** The last segment of a resource's name, `sessions/1/activities/2`. */
function idOf(item: Json): string | undefined {
  return asString(item.id) || asString(item.name)?.split("/").at(-1) || undefined;
}

function fenced(language: string, text: string): string {
  let fence = "```";
  while (text.includes(fence)) fence += "`";
  return `${fence}${language}\n${text.replace(/\n$/, "")}\n${fence}`;
}

/** What an activity left behind: a change as a diff, a command with its output, a picture. */
function readArtifact(artifact: Json, toolCallId: string): Part[] {
  const diff = asString(asRecord(asRecord(artifact.changeSet)?.gitPatch)?.unidiffPatch);
  if (diff) return textParts(fenced("diff", diff));
  const bash = asRecord(artifact.bashOutput);
  if (bash) {
    const input = JSON.stringify({ command: asString(bash.command) ?? "" });
    const exitCode = asNumber(bash.exitCode);
    const output = asString(bash.output) ?? "";
    const metadata = exitCode === undefined ? undefined : JSON.stringify({ exitCode });
    const isError = exitCode !== undefined && exitCode !== 0 ? true : undefined;
    return [
      { type: "tool-call", toolCallId, toolName: "bash", input },
      compact({ type: "tool-result" as const, toolCallId, output, isError, metadata }),
    ];
  }
  const media = asRecord(artifact.media);
  return media ? [filePart({ mediaType: media.mimeType })] : [];
}

function readPlan(value: unknown): Part[] {
  const steps = asRecords(asRecord(asRecord(value)?.plan)?.steps);
  const lines = steps.map((step, index) => {
    const about = asString(step.description);
    const head = `${index + 1}. **${asString(step.title) ?? ""}**`;
    return about ? `${head}\n   ${about.replaceAll("\n", "\n   ")}` : head;
  });
  return textParts(lines.join("\n"));
}

function readProgress(value: unknown): Part[] {
  const progress = asRecord(value);
  const title = asString(progress?.title);
  const text = [title ? `**${title}**` : "", asString(progress?.description) ?? ""];
  return textParts(text.filter(Boolean).join("\n\n"));
}

function said(activity: Json): Part[] {
  const user = asRecord(activity.userMessaged);
  const agent = asRecord(activity.agentMessaged);
  return [
    ...textParts(user?.userMessage ?? user?.prompt),
    ...textParts(agent?.agentMessage),
    ...(activity.planGenerated ? readPlan(activity.planGenerated) : []),
    ...(activity.progressUpdated ? readProgress(activity.progressUpdated) : []),
  ];
}

const HEAD = new Set(["name", "id", "originator", "createTime", "description", "artifacts"]);

/** What an activity is that says nothing in words, such as the approval of a plan. */
function otherKind(activity: Json): Part[] {
  const kind = Object.keys(activity).find((name) => !HEAD.has(name));
  const isKnown = kind === "sessionCompleted" || kind === "sessionFailed";
  return kind === undefined || isKnown ? [] : [unknownPart(kind, activity[kind])];
}

function readActivity(activity: Json): MessageReading[] {
  const key = idOf(activity);
  const createdAt = isoTime(activity.createTime);
  if (!key || createdAt === undefined) return [];
  const artifacts = asRecords(activity.artifacts);
  const own = said(activity);
  const words = own.length > 0 ? own : textParts(activity.description);
  const parts = [...words, ...artifacts.flatMap((item, i) => readArtifact(item, `${key}:${i}`))];
  const failed = asRecord(activity.sessionFailed);
  const isUser = activity.originator === "user" || activity.userMessaged !== undefined;
  const isSystem = activity.originator === "system" && own.length === 0;
  return [
    compact({
      key,
      role: isUser ? ("user" as const) : isSystem ? ("system" as const) : ("assistant" as const),
      position: createdAt,
      state: "final" as const,
      createdAt,
      finish: activity.sessionCompleted ? "sessionCompleted" : undefined,
      error: failed ? { name: "sessionFailed", message: asString(failed.reason) ?? "" } : undefined,
      parts: parts.length > 0 ? parts : otherKind(activity),
    } satisfies MessageReading),
  ];
}

function pageOf(key: string): string {
  return `https://jules.google.com/session/${key}`;
}

function readActivities(observation: Observation): Readings {
  const key = siteMatch(observation, new RegExp(HOST), new RegExp(ACTIVITIES))?.[1];
  const body = asRecord(parseJson(observation.body));
  if (!key || !body) return null;
  if (body.activities === undefined) return Object.keys(body).length === 0 ? [] : null;
  const messages = uniqueByKey(asRecords(body.activities).flatMap(readActivity));
  if (messages.length === 0) return null;
  return [{ session: { agent: "jules", key, url: pageOf(key) }, messages }];
}

/** The session itself: its title, and the prompt that began it, which is no activity. */
function readSession(observation: Observation): Readings {
  const key = siteMatch(observation, new RegExp(HOST), new RegExp(SESSION))?.[1];
  const body = asRecord(parseJson(observation.body));
  if (!key || !body || idOf(body) !== key) return null;
  const createdAt = isoTime(body.createTime);
  const source = asString(asRecord(body.sourceContext)?.source);
  const prompt = textParts(body.prompt);
  const session = compact({
    agent: "jules",
    key,
    url: pageOf(key),
    title: asString(body.title) || undefined,
    projectName: source?.replace(/^sources\/github\//, ""),
    createdAt,
    updatedAt: isoTime(body.updateTime),
  });
  if (prompt.length === 0 || createdAt === undefined) return [{ session, messages: [] }];
  const first = { key: `${key}:prompt`, role: "user" as const, position: createdAt };
  return [{ session, messages: [{ ...first, state: "final", createdAt, parts: prompt }] }];
}

export const jules = defineAgent({
  id: "jules",
  name: "Jules",
  kind: "coding",
  origins: ["https://jules.google.com/*"],
  session: sessionOn(/^jules\.google\.com$/, /^(?:\/u\/\d+)?\/(?:session|task)\/([\w-]+)/),
  taps: [
    {
      id: "activities",
      transport: "xhr",
      method: "GET",
      path: ACTIVITIES,
      host: HOST,
      read: readActivities,
    },
    {
      id: "session",
      transport: "xhr",
      method: "GET",
      path: SESSION,
      host: HOST,
      read: readSession,
    },
  ],
  shows: GUESSED_MESSAGES,
  page: guessedPage("fallback"),
  facts: [
    {
      fields: "messages, plans, progress, commands, diffs, errors, title, repository, times",
      from: "sessions and activities of jules.googleapis.com, should the page ask it: its own calls are not known",
      sure: "guess",
      source: "developers.google.com/jules/api/reference/rest (the shapes)",
      date: "2026-11-21",
    },
    {
      fields: "messages",
      from: "the page: common attributes and test ids",
      sure: "guess",
      source: "common practice; the page itself was not seen",
      date: "2026-11-21",
    },
  ],
});
