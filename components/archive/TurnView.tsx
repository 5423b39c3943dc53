import { FileText, Link as LinkIcon } from "lucide-react";
import { memo } from "react";
import { formatBytes, formatDuration, formatTime, isoTime } from "../format";
import { Badge } from "../ui/Badge";
import { Button } from "../ui/Button";
import { classes } from "../ui/classes";
import { Fold } from "../ui/Fold";
import { Notice } from "../ui/Notice";
import type { Block, Turn } from "./conversation";
import { fence } from "./fence";
import { Markdown } from "./Markdown";
import { safeUrl } from "./safe-url";
import { ToolCall } from "./ToolCall";
import type { Message } from "./types";
import { messageFigures, prettyJson, roleName } from "./words";

interface Props {
  turn: Turn;
  agent: string;
  /** The turn before has the same sender and model: the name is not said again. */
  isContinued: boolean;
  /** Loads the parts of a large message. */
  onLoad: (message: Message) => void;
  loading: "idle" | "busy" | "failed";
}

function Reasoning({ part }: { part: Extract<Block, { type: "reasoning" }> }) {
  const { startedAt, endedAt } = part;
  const took =
    startedAt === undefined || endedAt === undefined
      ? ""
      : ` for ${formatDuration(endedAt - startedAt)}`;
  return (
    <Fold summary={<span className="text-sm text-ink-soft">Reasoned{took}</span>}>
      <div className="mt-2 border-l-2 border-line pl-3 text-ink-soft">
        <Markdown text={part.text} />
      </div>
    </Fold>
  );
}

function File({ part }: { part: Extract<Block, { type: "file" }> }) {
  const url = safeUrl(part.url);
  const name = part.name ?? "Unnamed file";
  const facts = [part.mediaType, part.size !== undefined && formatBytes(part.size)].filter(Boolean);
  return (
    <p className="flex items-center gap-2 text-sm">
      <FileText size={14} aria-hidden="true" className="shrink-0 text-ink-soft" />
      <span className="min-w-0 wrap-anywhere">
        {url ? (
          <a
            href={url}
            target="_blank"
            rel="noopener noreferrer"
            className="text-accent underline underline-offset-2"
          >
            {name}
          </a>
        ) : (
          name
        )}
        {facts.length > 0 && <span className="text-ink-soft"> ({facts.join(", ")})</span>}
      </span>
    </p>
  );
}

function Source({ part }: { part: Extract<Block, { type: "source" }> }) {
  const url = safeUrl(part.url);
  const title = part.title ?? part.url;
  return (
    <p className="flex items-center gap-2 text-sm" title={part.snippet}>
      <LinkIcon size={14} aria-hidden="true" className="shrink-0 text-ink-soft" />
      <span className="min-w-0 wrap-anywhere">
        {url ? (
          <a
            href={url}
            target="_blank"
            rel="noopener noreferrer"
            className="text-accent underline underline-offset-2"
          >
            {title}
          </a>
        ) : (
          title
        )}
      </span>
    </p>
  );
}

function BlockView({ block, agent }: { block: Block; agent: string }) {
  switch (block.type) {
    case "text":
      return <Markdown text={block.text} />;
    case "reasoning":
      return <Reasoning part={block} />;
    case "tool":
      return <ToolCall call={block.call} result={block.result} agent={agent} />;
    case "file":
      return <File part={block} />;
    case "source":
      return <Source part={block} />;
    case "unknown":
      return (
        <Fold summary={<span className="text-sm text-ink-soft">Unknown part: {block.kind}</span>}>
          <div className="mt-2">
            <Markdown text={fence(prettyJson(block.json), "json")} />
          </div>
        </Fold>
      );
  }
}

function LargeMessage({ turn, onLoad, loading }: Pick<Props, "turn" | "onLoad" | "loading">) {
  const { message } = turn;
  return (
    <div className="grid gap-2">
      {message.preview && (
        <pre className="plain-text max-h-40 overflow-hidden text-ink-soft">{message.preview}</pre>
      )}
      {loading === "failed" && (
        <Notice tone="warn" title="The rest of this message could not be read.">
          It is still in Convex. Check the connection and try again.
        </Notice>
      )}
      <div>
        <Button size="small" isBusy={loading === "busy"} onClick={() => onLoad(message)}>
          Show all {formatBytes(message.large?.bytes ?? 0)}
        </Button>
      </div>
    </div>
  );
}

function Head({ message }: { message: Message }) {
  return (
    <div className="flex flex-wrap items-baseline gap-x-2 gap-y-0.5">
      <h2 className="font-semibold">{roleName(message.role)}</h2>
      {message.model && message.role !== "user" && (
        <span className="text-xs text-ink-soft">{message.model}</span>
      )}
      {message.createdAt !== undefined && (
        <time dateTime={isoTime(message.createdAt)} className="text-xs text-ink-soft">
          {formatTime(message.createdAt)}
        </time>
      )}
    </div>
  );
}

/** One message of a session. */
export const TurnView = memo(function TurnView(props: Props) {
  const { turn, agent, isContinued, onLoad, loading } = props;
  const { message, blocks, isLarge } = turn;
  const figures = messageFigures(message);
  return (
    <article
      aria-label={isContinued ? `${roleName(message.role)}, continued` : undefined}
      className={classes(
        "grid gap-2 [contain-intrinsic-size:auto_200px] [content-visibility:auto]",
        message.role === "user" && "rounded-xl bg-sunken px-4 py-3",
      )}
    >
      {!isContinued && <Head message={message} />}
      {message.state === "partial" && (
        <div>
          <Badge tone="warn">Not finished when it was read</Badge>
        </div>
      )}
      {isLarge ? (
        <LargeMessage turn={turn} onLoad={onLoad} loading={loading} />
      ) : (
        blocks.map((block, index) => <BlockView key={index} block={block} agent={agent} />)
      )}
      {message.error && (
        <Notice tone="danger" title={`The agent reported: ${message.error.name}`}>
          {message.error.message}
        </Notice>
      )}
      {figures.length > 0 && <p className="text-xs text-ink-soft">{figures.join(" · ")}</p>}
    </article>
  );
});
