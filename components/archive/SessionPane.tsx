import { useConvex, useMutation, usePaginatedQuery, useQuery } from "convex/react";
import { useEffect } from "react";
import { api } from "../../convex/_generated/api";
import type { Id } from "../../convex/_generated/dataModel";
import { cleanTitle } from "../clean-title";
import { CopyButton } from "../ui/CopyButton";
import { Notice } from "../ui/Notice";
import { Spinner } from "../ui/Spinner";
import { ConversationView } from "./ConversationView";
import { DeleteSession } from "./DeleteSession";
import { LoadMore } from "./LoadMore";
import { readWholeSession } from "./read-session";
import { SessionHeader } from "./SessionHeader";
import type { Session } from "./types";
import { useLargeParts } from "./use-large-parts";

const PAGE = 50;

interface Props {
  sessionId: string;
  nameOf: (agentId: string) => string;
  /** Leaves the session after it was deleted. */
  onDeleted: () => void;
}

/** Names the page's tab after the session while it is shown. */
function useTitle(title: string | null): void {
  useEffect(() => {
    const before = document.title;
    if (title !== null) document.title = `${title} - OpenSync Companion`;
    return () => {
      document.title = before;
    };
  }, [title]);
}

interface LoadedProps extends Omit<Props, "sessionId"> {
  session: Session;
}

function LoadedSession({ session, nameOf, onDeleted }: LoadedProps) {
  const sessionId = session.id;
  const convex = useConvex();
  const messages = usePaginatedQuery(api.messages.list, { sessionId }, { initialNumItems: PAGE });
  const remove = useMutation(api.sessions.remove);
  const large = useLargeParts();
  const agentName = nameOf(session.agent);
  const deleteIt = async () => {
    await remove({ sessionId });
    onDeleted();
  };
  return (
    <div className="grid gap-5">
      <SessionHeader
        session={session}
        agentName={agentName}
        actions={
          <>
            <CopyButton
              label="Copy as Markdown"
              text={() => readWholeSession(convex, session, agentName)}
            />
            <DeleteSession session={session} onDelete={deleteIt} />
          </>
        }
      />
      <ConversationView
        session={session}
        messages={messages.results}
        loaded={large.loaded}
        onLoad={large.load}
        loadingOf={large.stateOf}
      />
      <LoadMore status={messages.status} what="messages" onMore={() => messages.loadMore(PAGE)} />
    </div>
  );
}

/** One session, live. */
export function SessionPane({ sessionId, ...rest }: Props) {
  // The address may hold anything: Convex refuses what is no id, and the boundary around this says so.
  const session = useQuery(api.sessions.get, { sessionId: sessionId as Id<"sessions"> });
  useTitle(session ? cleanTitle(session.title) : null);
  if (session === undefined) {
    return (
      <p role="status" className="flex items-center gap-2 text-ink-soft">
        <Spinner /> Loading the session
      </p>
    );
  }
  if (session === null) {
    return (
      <Notice tone="info" title="This session is not in your archive.">
        It was deleted, or another person captured it. Choose one from the list.
      </Notice>
    );
  }
  return <LoadedSession session={session} {...rest} />;
}
