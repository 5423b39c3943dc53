import { useQuery } from "convex/react";
import { CornerDownRight } from "lucide-react";
import { api } from "../../convex/_generated/api";
import { cleanTitle } from "../clean-title";
import { sessionHash } from "./use-route";

interface Props {
  agent: string;
  /** The site's own id of the session. */
  sessionKey: string;
  label: string;
}

/** A link to another captured session; says so when that one is not in the archive. */
export function SessionLink({ agent, sessionKey, label }: Props) {
  const session = useQuery(api.sessions.getByKey, { agent, key: sessionKey });
  if (session === undefined) return null;
  return (
    <p className="flex min-w-0 items-center gap-1.5 text-sm">
      <CornerDownRight size={14} aria-hidden="true" className="shrink-0 text-ink-soft" />
      <span className="shrink-0 text-ink-soft">{label}:</span>
      {session ? (
        <a
          href={sessionHash(session.id)}
          className="min-w-0 truncate rounded-sm text-accent underline underline-offset-2"
        >
          {cleanTitle(session.title)}
        </a>
      ) : (
        <span className="text-ink-soft">not in the archive</span>
      )}
    </p>
  );
}
