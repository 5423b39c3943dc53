import { sendMessage } from "../../utils/messages";
import { captureStatus, profile } from "../../utils/storage";
import { tell } from "../ask";
import { count as countOf } from "../format";
import { captureWords } from "../capture-words";
import { PauseSwitch } from "../PauseSwitch";
import { TroubleNotice } from "../TroubleNotice";
import { Button } from "../ui/Button";
import { Notice } from "../ui/Notice";
import { Section } from "../ui/Section";
import { useAction, type Action } from "../use-action";
import { useStored } from "../use-stored";
import { TemporarySwitch } from "./TemporarySwitch";

interface RefusedProps {
  count: number;
  /** Convex's own words about the oldest of them. */
  why: string | null;
  retry: Action;
}

function Refused({ count, why, retry }: RefusedProps) {
  return (
    <Notice
      tone="warn"
      title={`Convex refused ${countOf(count, "message")}.`}
      actions={
        <Button
          size="small"
          isBusy={retry.isBusy}
          onClick={() => void retry.run(tell(sendMessage("retryRefused")))}
        >
          Send again
        </Button>
      }
    >
      {why !== null && <p className="wrap-anywhere">Its reason: {why}</p>}
      <p>
        {count === 1 ? "It is" : "They are"} kept in this browser. Once the cause is gone (a
        deployment without the current functions is one), send again.
      </p>
    </Notice>
  );
}

/** Pausing, what waits, and what Convex refused. */
export function Capture() {
  const status = useStored(captureStatus);
  const person = useStored(profile);
  const retry = useAction();
  const refused = status?.refused ?? 0;
  return (
    <Section title="Capture">
      <PauseSwitch />
      {person && <TemporarySwitch person={person.id} />}
      {status && person && (
        <div role="status" className="grid gap-0.5 text-sm text-ink-soft">
          {captureWords(status).map((line) => (
            <p key={line}>{line}</p>
          ))}
        </div>
      )}
      {status?.trouble && person && (
        <TroubleNotice
          trouble={status.trouble}
          onRetry={() => void retry.run(tell(sendMessage("retryNow")))}
        />
      )}
      {refused > 0 && person && (
        <Refused count={refused} why={status?.refusedWhy ?? null} retry={retry} />
      )}
      {retry.trouble && <TroubleNotice trouble={retry.trouble} />}
    </Section>
  );
}
