import { sendMessage } from "../../utils/messages";
import { captureStatus, isPaused, profile } from "../../utils/storage";
import { tell } from "../ask";
import { count } from "../format";
import { captureWords } from "../capture-words";
import { TroubleNotice } from "../TroubleNotice";
import { Button } from "../ui/Button";
import { Notice } from "../ui/Notice";
import { Section } from "../ui/Section";
import { Switch } from "../ui/Switch";
import { useAction } from "../use-action";
import { useStored } from "../use-stored";

/** Pausing, what waits, and what Convex refused. */
export function Capture() {
  const paused = useStored(isPaused);
  const status = useStored(captureStatus);
  const person = useStored(profile);
  const retry = useAction();
  const refused = status?.refused ?? 0;
  return (
    <Section title="Capture">
      <Switch
        label="Pause"
        hint="Nothing is captured or sent while this is on. What waits stays in this browser."
        isOn={paused === true}
        isDisabled={paused === undefined}
        onChange={(isOn) => void tell(sendMessage("setPaused", { isPaused: isOn }))}
      />
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
        <Notice
          tone="warn"
          title={`Convex refused ${count(refused, "message")}.`}
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
          {refused === 1 ? "It is" : "They are"} kept in this browser. Bring the deployment up to
          date with the current functions, then send again.
        </Notice>
      )}
      {retry.trouble && <TroubleNotice trouble={retry.trouble} />}
    </Section>
  );
}
