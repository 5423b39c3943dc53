import { ArrowLeft, ExternalLink } from "lucide-react";
import { useEffect, useRef, type ReactNode } from "react";
import { cleanTitle } from "../clean-title";
import { formatTime } from "../format";
import { buttonClasses } from "../ui/Button";
import { Badge } from "../ui/Badge";
import { safeUrl } from "./safe-url";
import { SessionLink } from "./SessionLink";
import type { Session } from "./types";
import { sessionFigures } from "./words";

interface Props {
  session: Session;
  agentName: string;
  /** Copy, delete. */
  actions: ReactNode;
}

/** When the session began and was last stored. */
function times({ siteCreatedAt, siteUpdatedAt, updatedAt }: Session): string {
  const last = formatTime(siteUpdatedAt ?? updatedAt);
  return siteCreatedAt === undefined ? last : `${formatTime(siteCreatedAt)} to ${last}`;
}

function Title({ title }: { title: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // On a narrow page the list that had the focus is gone now.
    if (document.activeElement === document.body) heading.current?.focus();
  }, []);
  return (
    <h1
      ref={heading}
      tabIndex={-1}
      className="text-xl font-semibold tracking-tight wrap-anywhere outline-none"
    >
      {title}
    </h1>
  );
}

function Facts({ session, agentName }: Omit<Props, "actions">) {
  return (
    <>
      <p className="flex flex-wrap items-center gap-x-2 gap-y-1 text-sm text-ink-soft">
        <Badge tone="accent">{agentName}</Badge>
        {[session.model, ...sessionFigures(session)].filter(Boolean).join(" · ")}
      </p>
      <p className="text-sm text-ink-soft">
        {times(session)}
        {session.account && ` · Account ${session.account}`}
        {session.projectPath && (
          <>
            {" · "}
            <span className="font-mono text-xs wrap-anywhere">{session.projectPath}</span>
          </>
        )}
      </p>
    </>
  );
}

/** What is known of a session as a whole, and what can be done with it. */
export function SessionHeader({ session, agentName, actions }: Props) {
  const url = safeUrl(session.url);
  return (
    <header className="grid gap-2 border-b border-line pb-4">
      <a
        href="#/"
        className="flex w-fit items-center gap-1.5 rounded-sm text-sm text-accent min-[56rem]:hidden"
      >
        <ArrowLeft size={14} aria-hidden="true" />
        All sessions
      </a>
      <Title title={cleanTitle(session.title)} />
      <Facts session={session} agentName={agentName} />
      {session.parentKey && (
        <SessionLink agent={session.agent} sessionKey={session.parentKey} label="Started by" />
      )}
      <div className="mt-1 flex flex-wrap gap-2">
        {url && (
          <a
            href={url}
            target="_blank"
            rel="noopener noreferrer"
            className={buttonClasses("secondary", "small")}
          >
            <ExternalLink size={14} aria-hidden="true" />
            Open page
          </a>
        )}
        {actions}
      </div>
    </header>
  );
}
