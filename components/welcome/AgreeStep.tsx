import { useState } from "react";
import { sendMessage } from "../../utils/messages";
import type { Answer } from "../../utils/errors";
import type { Consent } from "../../utils/storage";
import { tell } from "../ask";
import { allowDataCollection } from "../consent";
import { formatTime } from "../format";
import { TroubleNotice } from "../TroubleNotice";
import { Button } from "../ui/Button";
import { Fold } from "../ui/Fold";
import { useAction } from "../use-action";
import { Disclosure } from "./Disclosure";

interface Props {
  consent: Consent | null;
  convexUrl: string;
}

function refused(): Answer<never> {
  return {
    ok: false,
    trouble: {
      code: "permission-missing",
      message:
        "Firefox was not allowed to let this add-on collect page content. Nothing is captured.",
      next: "Choose Agree again and allow it when Firefox asks.",
      at: Date.now(),
    },
  };
}

/** Runs in the click: Firefox's own question must be asked before any await. */
async function agree(): Promise<Answer> {
  if (!(await allowDataCollection())) return refused();
  return tell(sendMessage("agree"));
}

/** Reading what is collected, and agreeing to it. */
export function AgreeStep({ consent, convexUrl }: Props) {
  const action = useAction();
  const [isDeclined, setDeclined] = useState(false);
  if (consent) {
    return (
      <div className="grid gap-2">
        <p className="text-ink-soft">You agreed on {formatTime(consent.agreedAt)}.</p>
        <Fold summary={<span className="text-sm">What you agreed to</span>}>
          <div className="mt-3 rounded-xl border border-line bg-surface p-4">
            <Disclosure convexUrl={convexUrl} />
          </div>
        </Fold>
      </div>
    );
  }
  return (
    <div className="grid gap-4 rounded-xl border border-line bg-surface p-4 shadow-card">
      <Disclosure convexUrl={convexUrl} />
      {action.trouble && <TroubleNotice trouble={action.trouble} />}
      <div className="flex flex-wrap items-center gap-2 border-t border-line pt-4">
        <Button
          look="primary"
          isBusy={action.isBusy}
          onClick={() => {
            setDeclined(false);
            void action.run(agree());
          }}
        >
          Agree
        </Button>
        <Button look="quiet" onClick={() => setDeclined(true)}>
          Not now
        </Button>
        <span role="status" className="text-sm text-ink-soft">
          {isDeclined && "Nothing is captured until you agree. You can close this page."}
        </span>
      </div>
    </div>
  );
}
