import { useRef, type KeyboardEvent, type ReactNode } from "react";
import { Virtualizer } from "virtua";
import { SessionRow } from "./SessionRow";
import type { Session } from "./types";

interface Props {
  sessions: Session[];
  selectedId: string | null;
  now: number;
  nameOf: (agentId: string) => string;
  /** Below the last row. */
  end: ReactNode;
}

/** Up and down go to the next row; Tab goes on to the session. */
function moveFocus(event: KeyboardEvent<HTMLElement>) {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>("a[data-row]")];
  const at = rows.indexOf(document.activeElement as HTMLElement);
  const next = rows[at + (event.key === "ArrowDown" ? 1 : -1)];
  if (!next) return;
  event.preventDefault();
  next.focus();
}

/** Captured sessions, newest first; only the rows in view exist, so that thousands stay quick. */
export function SessionList({ sessions, selectedId, now, nameOf, end }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  return (
    <div
      ref={scroller}
      role="presentation"
      onKeyDown={moveFocus}
      className="min-h-0 flex-1 overflow-y-auto overscroll-contain px-2 pb-4"
    >
      <Virtualizer data={sessions} as="ul" item="li" scrollRef={scroller} bufferSize={600}>
        {(session) => (
          <SessionRow
            key={session.id}
            session={session}
            agentName={nameOf(session.agent)}
            isSelected={session.id === selectedId}
            now={now}
          />
        )}
      </Virtualizer>
      {end}
    </div>
  );
}
