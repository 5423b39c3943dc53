import { useState } from "react";
import { sendMessage } from "../../utils/messages";
import type { Consent } from "../../utils/storage";
import { tell } from "../ask";
import { formatTime } from "../format";
import { pageUrl } from "../open-page";
import { TroubleNotice } from "../TroubleNotice";
import { Button, buttonClasses } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Section } from "../ui/Section";
import { useAction } from "../use-action";

interface AgreementProps {
  consent: Consent | null;
  onWithdraw: () => void;
}

function Agreement({ consent, onWithdraw }: AgreementProps) {
  return (
    <div className="flex flex-wrap items-center justify-between gap-3">
      <p role="status">
        {consent
          ? `You agreed on ${formatTime(consent.agreedAt)}.`
          : "You have not agreed: nothing is captured."}
      </p>
      <div className="flex gap-2">
        <a href={pageUrl("welcome")} className={buttonClasses("secondary", "small")}>
          {consent ? "Read it again" : "Read and agree"}
        </a>
        {consent && (
          <Button look="danger" size="small" onClick={onWithdraw}>
            Withdraw
          </Button>
        )}
      </div>
    </div>
  );
}

/** The agreement, and taking it back. */
export function ConsentSection({ consent }: { consent: Consent | null }) {
  const [isAsking, setAsking] = useState(false);
  const withdraw = useAction();
  const confirm = async () => {
    setAsking(false);
    await withdraw.run(tell(sendMessage("withdraw")));
  };
  return (
    <Section title="Agreement">
      <Agreement consent={consent} onWithdraw={() => setAsking(true)} />
      {withdraw.trouble && <TroubleNotice trouble={withdraw.trouble} />}
      <Dialog
        isOpen={isAsking}
        onOpenChange={setAsking}
        title="Withdraw your agreement?"
        no="Keep it"
        yes="Withdraw"
        onYes={() => void confirm()}
      >
        <p>Capturing and sending stop at once, for every agent.</p>
        <p>
          What is in Convex stays there until you delete it in the archive. What waits stays in this
          browser and goes only if you agree again.
        </p>
      </Dialog>
    </Section>
  );
}
