import type { Trouble } from "../utils/errors";
import { Button } from "./ui/Button";
import { Notice } from "./ui/Notice";

/** What can be done about a trouble from where it is shown; an absent one gets no button. */
export interface Remedies {
  onRetry?: () => void;
  onSignIn?: () => void;
  onOpenOptions?: () => void;
}

type Remedy = { label: string; of: keyof Remedies };

const SIGN_IN: Remedy = { label: "Sign in", of: "onSignIn" };
const OPTIONS: Remedy = { label: "Open options", of: "onOpenOptions" };
const RETRY: Remedy = { label: "Try now", of: "onRetry" };

const REMEDIES: Record<Trouble["code"], Remedy[]> = {
  "sign-in-needed": [SIGN_IN],
  "sign-in-cancelled": [SIGN_IN],
  "sign-in-timeout": [SIGN_IN],
  "sign-in-refused": [OPTIONS, SIGN_IN],
  "sign-in-unreachable": [SIGN_IN],
  "sign-in-busy": [],
  "deployment-missing": [OPTIONS],
  "deployment-invalid": [OPTIONS],
  "deployment-unreachable": [RETRY, OPTIONS],
  "deployment-outdated": [RETRY, OPTIONS],
  "token-refused": [RETRY, OPTIONS],
  "rate-limited": [RETRY],
  "agent-unreadable": [],
  "permission-missing": [OPTIONS],
  "storage-full": [RETRY],
  "backfill-paused": [],
  unexpected: [RETRY],
};

/** Troubles that need nothing done now: they pass or were the person's own choice. */
const CALM: ReadonlySet<Trouble["code"]> = new Set([
  "sign-in-cancelled",
  "sign-in-busy",
  "rate-limited",
  "backfill-paused",
]);

interface Props extends Remedies {
  trouble: Trouble;
}

/** A trouble in words, with the buttons that help against it here. */
export function TroubleNotice({ trouble, ...remedies }: Props) {
  const offered = REMEDIES[trouble.code].filter(({ of }) => remedies[of]);
  return (
    <Notice
      tone={CALM.has(trouble.code) ? "info" : "warn"}
      title={trouble.message}
      actions={
        offered.length > 0 &&
        offered.map(({ label, of }) => (
          <Button key={of} size="small" onClick={remedies[of]}>
            {label}
          </Button>
        ))
      }
    >
      {trouble.next}
    </Notice>
  );
}
