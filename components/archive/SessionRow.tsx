import { cleanTitle } from "../clean-title";
import { count, formatAgo } from "../format";
import { classes } from "../ui/classes";
import type { Session } from "./types";
import { sessionHash } from "./use-route";

interface Props {
  session: Session;
  agentName: string;
  isSelected: boolean;
  now: number;
}

/** One session in the list. */
export function SessionRow({ session, agentName, isSelected, now }: Props) {
  return (
    <a
      data-row=""
      href={sessionHash(session.id)}
      aria-current={isSelected ? "page" : undefined}
      className={classes(
        "mb-0.5 block rounded-lg px-2.5 py-2 -outline-offset-2",
        isSelected ? "bg-accent-soft" : "hover:bg-sunken",
      )}
    >
      <span className="line-clamp-2 font-medium wrap-anywhere">{cleanTitle(session.title)}</span>
      <span className="mt-0.5 flex justify-between gap-2 text-xs text-ink-soft">
        <span className="min-w-0 truncate">
          {agentName} · {count(session.messageCount, "message")}
        </span>
        <span className="shrink-0">{formatAgo(session.updatedAt, now)}</span>
      </span>
    </a>
  );
}
