import { sendMessage } from "../../utils/messages";
import type { CaptureStatus } from "../../utils/storage";
import { tell } from "../ask";
import { formatAgo } from "../format";
import { openPage } from "../open-page";
import { TroubleNotice } from "../TroubleNotice";
import { Button } from "../ui/Button";
import { useAction } from "../use-action";
import { useNow } from "../use-now";
import { captureWords } from "../capture-words";

interface Props {
  status: CaptureStatus;
  onSignIn: () => void;
}

/** What waits overall, and the last trouble with what helps against it. */
export function CaptureState({ status, onSignIn }: Props) {
  const retry = useAction();
  const now = useNow();
  const { trouble, waiting, lastStoredAt } = status;
  const retryNow = () => void retry.run(tell(sendMessage("retryNow")));
  return (
    <section aria-labelledby="capture-heading" className="grid gap-2 px-4 py-3">
      <div className="flex items-center justify-between gap-2">
        <h2 id="capture-heading" className="text-sm font-medium text-ink-soft">
          All sessions
        </h2>
        {lastStoredAt !== null && (
          <span className="text-xs text-ink-soft">Last stored {formatAgo(lastStoredAt, now)}</span>
        )}
      </div>
      <div role="status" className="grid gap-0.5">
        {captureWords(status).map((line) => (
          <p key={line}>{line}</p>
        ))}
      </div>
      {trouble && (
        <TroubleNotice
          trouble={trouble}
          onRetry={retryNow}
          onSignIn={onSignIn}
          onOpenOptions={() => void openPage("options")}
        />
      )}
      {!trouble && waiting > 0 && (
        <div>
          <Button size="small" isBusy={retry.isBusy} onClick={retryNow}>
            Send now
          </Button>
        </div>
      )}
    </section>
  );
}
