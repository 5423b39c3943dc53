/** A session of Claude Code on the web as the site's list and its own address describe it. */
import type { Reading } from "../agent";
import { folderName } from "./claude-code-log";
import { items } from "./claude-content";
import { asNumber, asRecord, asString, compact } from "./json";
import { isoTime, publicUrl } from "./parts";

type Json = Record<string, unknown>;

/** Name (`owner/name`) of the repository that the session works on. */
function repositoryOf(config: Json): string | undefined {
  for (const value of [...items(config.outcomes), ...items(config.sources)]) {
    const entry = asRecord(value) ?? {};
    const url = publicUrl(entry.url);
    const repo = asString(asRecord(entry.git_info)?.repo) ?? asString(entry.repo);
    const name = repo ?? /^https?:\/\/[^/]+\/(.+?)(?:\.git)?$/.exec(url ?? "")?.[1];
    if (name) return name;
  }
  return undefined;
}

/** The session's header. */
export function readSessionObject(object: Json, key: string, origin: string): Reading {
  const config = asRecord(object.config) ?? asRecord(object.session_context) ?? {};
  const usage = asRecord(object.external_metadata) ?? {};
  const projectPath = asString(config.cwd) || undefined;
  return compact({
    session: compact({
      agent: "claude-code",
      key,
      title: asString(object.title)?.trim() || undefined,
      url: `${origin}/code/${key}`,
      account: asString(object.organization_uuid),
      projectPath,
      projectName: repositoryOf(config) ?? folderName(projectPath),
      model: asString(config.model),
      cost: asNumber(usage.total_cost_usd) ?? asNumber(usage.cost_usd),
      createdAt: isoTime(object.created_at),
      updatedAt: isoTime(object.last_event_at) ?? isoTime(object.updated_at),
    }),
    messages: [],
    isElsewhere: object.environment_kind === "bridge" ? (true as const) : undefined,
  });
}
