import { CircleAlert, CircleCheck, CircleDashed } from "lucide-react";
import { formatDuration } from "../format";
import { Badge } from "../ui/Badge";
import { CopyButton } from "../ui/CopyButton";
import { Fold } from "../ui/Fold";
import type { ToolCallPart, ToolResultPart } from "./conversation";
import { fence } from "./fence";
import { Markdown } from "./Markdown";
import { SessionLink } from "./SessionLink";
import { prettyJson, readJson, toolGist } from "./words";

interface Props {
  call: ToolCallPart | null;
  result: ToolResultPart | null;
  /** Agent of the session, for links to sub-agents. */
  agent: string;
}

/** How long the call took, from whichever of the two says it. */
function durationOf({ call, result }: Props): string | null {
  const startedAt = call?.startedAt ?? result?.startedAt;
  const endedAt = result?.endedAt ?? call?.endedAt;
  return startedAt === undefined || endedAt === undefined
    ? null
    : formatDuration(endedAt - startedAt);
}

function State({ result }: { result: ToolResultPart | null }) {
  if (result === null) {
    return (
      <Badge>
        <CircleDashed size={12} aria-hidden="true" />
        No output
      </Badge>
    );
  }
  return result.isError ? (
    <Badge tone="danger">
      <CircleAlert size={12} aria-hidden="true" />
      Failed
    </Badge>
  ) : (
    <CircleCheck size={14} className="shrink-0 text-good" aria-label="Finished" role="img" />
  );
}

function Labelled({ label, text }: { label: string; text: string }) {
  const isJson = readJson(text) !== undefined;
  return (
    <div className="grid gap-1">
      <div className="flex items-center justify-between">
        <h3 className="text-xs font-medium text-ink-soft">{label}</h3>
        {!isJson && text !== "" && (
          <CopyButton text={text} label={`Copy ${label.toLowerCase()}`} look="quiet" isIconOnly />
        )}
      </div>
      {text === "" ? (
        <p className="text-sm text-ink-soft">Empty.</p>
      ) : isJson ? (
        <Markdown text={fence(prettyJson(text), "json")} />
      ) : (
        <pre
          tabIndex={0}
          className="plain-text max-h-96 overflow-auto rounded-lg border border-line bg-sunken px-3 py-2"
        >
          {text}
        </pre>
      )}
    </div>
  );
}

/** A tool call, folded: what was called and how it went; inside, its input and output. */
export function ToolCall(props: Props) {
  const { call, result, agent } = props;
  const duration = durationOf(props);
  return (
    <Fold
      className="rounded-lg border border-line bg-surface [&>summary]:px-2.5"
      summary={
        <span className="flex min-w-0 items-center gap-2 py-1.5 text-sm">
          <span className="shrink-0 font-mono text-xs font-semibold">
            {call?.toolName ?? "Tool result"}
          </span>
          <span className="min-w-0 flex-1 truncate text-ink-soft">{call && toolGist(call)}</span>
          {duration && <span className="shrink-0 text-xs text-ink-soft">{duration}</span>}
          <State result={result} />
        </span>
      }
    >
      <div className="grid gap-3 border-t border-line px-3 py-2.5">
        {call?.childKey && (
          <SessionLink agent={agent} sessionKey={call.childKey} label="Sub-agent's session" />
        )}
        {call ? (
          <Labelled label="Input" text={call.input} />
        ) : (
          <p className="text-sm text-ink-soft">The call that this answers was not captured.</p>
        )}
        {result && <Labelled label="Output" text={result.output} />}
        {result?.metadata && (
          <Fold summary={<span className="text-xs text-ink-soft">More of the result</span>}>
            <div className="mt-2">
              <Labelled label="Details" text={result.metadata} />
            </div>
          </Fold>
        )}
      </div>
    </Fold>
  );
}
