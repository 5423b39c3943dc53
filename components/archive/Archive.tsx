import { useCallback, useEffect } from "react";
import type { AgentInfo } from "../agents/switch-agent";
import { Notice } from "../ui/Notice";
import { classes } from "../ui/classes";
import { Boundary } from "./Boundary";
import { ConnectionBanner } from "./ConnectionBanner";
import { ListPane } from "./ListPane";
import { SessionPane } from "./SessionPane";
import { useRoute } from "./use-route";

const LIST_FAILED = (
  <div className="px-4">
    <Notice tone="danger" title="Convex could not list your sessions.">
      They are safe there. The deployment may lack the current functions: check it in the options,
      then reload this page.
    </Notice>
  </div>
);

const SESSION_FAILED = (
  <Notice tone="warn" title="This session cannot be shown.">
    The address names no session, or Convex refused to read it. Choose one from the list.
  </Notice>
);

/** Takes the focus to the list when what had it went with the session: a deleted one, or on a narrow page the way back. */
function useFocusOnList(sessionId: string | null): void {
  useEffect(() => {
    if (sessionId === null && document.activeElement === document.body) {
      document.getElementById("sessions-heading")?.focus();
    }
  }, [sessionId]);
}

interface ReaderProps {
  sessionId: string | null;
  nameOf: (agentId: string) => string;
  onDeleted: () => void;
}

function Reader({ sessionId, nameOf, onDeleted }: ReaderProps) {
  return (
    <main
      className={classes(
        "min-h-0 overflow-y-auto",
        sessionId === null ? "hidden min-[56rem]:block" : "block",
      )}
    >
      <div className="mx-auto max-w-3xl px-4 py-5 sm:px-6">
        {sessionId === null ? (
          <p className="py-16 text-center text-ink-soft">Choose a session to read it.</p>
        ) : (
          <Boundary key={sessionId} fallback={SESSION_FAILED}>
            <SessionPane sessionId={sessionId} nameOf={nameOf} onDeleted={onDeleted} />
          </Boundary>
        )}
      </div>
    </main>
  );
}

/** The archive of somebody who is signed in: the list left, the session right; on narrow pages one of them. */
export function Archive({ agents }: { agents: readonly AgentInfo[] }) {
  const sessionId = useRoute();
  const nameOf = useCallback(
    (id: string) => agents.find((agent) => agent.id === id)?.name ?? id,
    [agents],
  );
  const leave = useCallback(() => {
    window.location.hash = "#/";
  }, []);
  useFocusOnList(sessionId);
  return (
    <div className="grid min-h-0 grid-cols-1 min-[56rem]:grid-cols-[20rem_1fr]">
      <nav
        aria-labelledby="sessions-heading"
        className={classes(
          "min-h-0 flex-col border-r border-line bg-surface",
          sessionId === null ? "flex" : "hidden min-[56rem]:flex",
        )}
      >
        <ConnectionBanner />
        <Boundary fallback={LIST_FAILED}>
          <ListPane agents={agents} nameOf={nameOf} selectedId={sessionId} />
        </Boundary>
      </nav>
      <Reader sessionId={sessionId} nameOf={nameOf} onDeleted={leave} />
    </div>
  );
}
