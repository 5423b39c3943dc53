import { Trash2 } from "lucide-react";
import { useState } from "react";
import { cleanTitle } from "../clean-title";
import { count } from "../format";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Notice } from "../ui/Notice";
import type { Session } from "./types";

interface Props {
  session: Session;
  /** Deletes it in Convex; rejects when that did not happen. */
  onDelete: () => Promise<void>;
}

function WhatGoes({ messageCount, hasFailed }: { messageCount: number; hasFailed: boolean }) {
  return (
    <>
      <p>Its {count(messageCount, "message")} and their files are deleted from Convex for good.</p>
      <p>
        The agent&rsquo;s own page keeps it. If you open it there again while the agent is on, it is
        captured again.
      </p>
      {hasFailed && (
        <Notice tone="danger" title="The session was not deleted.">
          Convex did not answer, or you were signed out. Check both, and try again.
        </Notice>
      )}
    </>
  );
}

/** Deletes a session, after asking. */
export function DeleteSession({ session, onDelete }: Props) {
  const [isAsking, setAsking] = useState(false);
  const [state, setState] = useState<"idle" | "busy" | "failed">("idle");
  const confirm = async () => {
    setState("busy");
    try {
      await onDelete();
      setAsking(false);
      setState("idle");
    } catch {
      // Signed out or unreachable: what it was changes nothing in what to do.
      setState("failed");
    }
  };
  return (
    <>
      <Button look="danger" size="small" onClick={() => setAsking(true)}>
        <Trash2 size={14} aria-hidden="true" />
        Delete
      </Button>
      <Dialog
        isOpen={isAsking}
        onOpenChange={setAsking}
        title={`Delete “${cleanTitle(session.title)}”?`}
        no="Keep it"
        yes="Delete"
        isBusy={state === "busy"}
        onYes={() => void confirm()}
      >
        <WhatGoes messageCount={session.messageCount} hasFailed={state === "failed"} />
      </Dialog>
    </>
  );
}
