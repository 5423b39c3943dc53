import { defineAgent, type Observation, type Readings } from "./agent";
import { readRollout } from "./shared/codex-rollout";
import { readSiblings, readTask } from "./shared/codex-task";
import { asRecord, parseJson } from "./shared/json";

const TASK = "^/backend-api/wham/tasks/(task_[\\w-]+)(\\?|$)";
const SIBLINGS = "^/backend-api/wham/tasks/(task_[\\w-]+)/turns/[^/?]+/sibling_turns(\\?|$)";

/** The JSON of an answer, and the task that its path names. */
function answerOf(observation: Observation, path: string) {
  const url = URL.parse(observation.url);
  const key = url && new RegExp(path).exec(url.pathname + url.search)?.[1];
  const body = asRecord(parseJson(observation.body));
  return key && body ? { key, body } : null;
}

function readDetails(observation: Observation): Readings {
  const answer = answerOf(observation, TASK);
  const page = URL.parse(observation.pageUrl);
  const origin = page?.hostname === "chatgpt.com" ? page.origin : "https://chatgpt.com";
  return answer && readTask(answer.body, answer.key, origin);
}

function readAttempts(observation: Observation): Readings {
  const answer = answerOf(observation, SIBLINGS);
  return answer && readSiblings(answer.body, answer.key);
}

export const codex = defineAgent({
  id: "codex",
  name: "Codex",
  kind: "coding",
  origins: ["https://chatgpt.com/*"],
  session(url) {
    return /^\/codex\/(?:cloud\/)?tasks\/(task_[\w-]+)(?:\/|$)/.exec(url.pathname)?.[1] ?? null;
  },
  // The page asks for a task again and again while it runs. The list of tasks holds no session, and is not copied.
  taps: [
    { id: "task", transport: "fetch", method: "GET", path: TASK, read: readDetails },
    { id: "siblings", transport: "fetch", method: "GET", path: SIBLINGS, read: readAttempts },
  ],
  imports: [
    {
      file: "(^|/)rollout-[^/]+\\.jsonl$",
      format: "lines",
      read: (entry) => (Array.isArray(entry) ? readRollout(entry) : null),
    },
  ],
  facts: [
    {
      fields: "prompt, answer, diffs, errors, pull requests, title, environment",
      from: "GET /backend-api/wham/tasks/{id}",
      sure: "good",
      source:
        "openai/codex codex-rs/backend-client 7116353 and its test data; not every item is known",
      date: "2025-10-01",
    },
    {
      fields: "what the agent noted while it worked",
      from: "worklog in GET /backend-api/wham/tasks/{id}",
      sure: "guess",
      source: "openai/codex cloud-tasks, not looked at again",
      date: "2025-10-01",
    },
    {
      fields: "the other attempts at a turn",
      from: "GET /backend-api/wham/tasks/{id}/turns/{turn}/sibling_turns",
      sure: "good",
      source: "openai/codex codex-rs/backend-client 7116353",
      date: "2025-10-01",
    },
    {
      fields: "sessions of the command line: messages, reasoning, tools, tokens, models, project",
      from: "rollout-*.jsonl",
      sure: "good",
      source: "openai/codex' session files, as known; none was at hand",
      date: "2025-10-01",
    },
  ],
});
