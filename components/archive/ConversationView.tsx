import { useMemo } from "react";
import { Fold } from "../ui/Fold";
import { count } from "../format";
import { runsOf, turnsOf, type LoadedParts, type Turn } from "./conversation";
import { TurnView } from "./TurnView";
import type { Message, Session } from "./types";

interface Props {
  session: Session;
  messages: Message[];
  loaded: LoadedParts;
  onLoad: (message: Message) => void;
  loadingOf: (message: Message) => "idle" | "busy" | "failed";
}

function isContinued(turn: Turn, before: Turn | undefined): boolean {
  return (
    before !== undefined &&
    turn.message.role === before.message.role &&
    turn.message.role !== "user" &&
    turn.message.model === before.message.model
  );
}

/** The messages of a session; those on branches that the agent's page does not show are folded where they stand. */
export function ConversationView({ session, messages, loaded, onLoad, loadingOf }: Props) {
  const leafKey = session.activeLeafKey;
  const runs = useMemo(
    () => runsOf(turnsOf(messages, loaded), leafKey),
    [messages, loaded, leafKey],
  );
  const show = (turns: Turn[]) =>
    turns.map((turn, index) => (
      <TurnView
        key={turn.message.id}
        turn={turn}
        agent={session.agent}
        isContinued={isContinued(turn, turns[index - 1])}
        onLoad={onLoad}
        loading={loadingOf(turn.message)}
      />
    ));
  return (
    <div className="grid gap-5">
      {runs.map(({ isActive, turns }) =>
        isActive ? (
          show(turns)
        ) : (
          <Fold
            key={turns[0]?.message.id}
            className="rounded-xl border border-dashed border-line px-3 py-2"
            summary={
              <span className="text-sm text-ink-soft">
                {count(turns.length, "message")} on another branch
              </span>
            }
          >
            <div className="mt-3 grid gap-5">{show(turns)}</div>
          </Fold>
        ),
      )}
    </div>
  );
}
