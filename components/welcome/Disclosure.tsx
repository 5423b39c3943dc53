import type { ReactNode } from "react";

interface Props {
  /** Where sessions go; empty while it is not set. */
  convexUrl: string;
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="grid gap-1">
      <h3 className="font-medium">{title}</h3>
      <ul className="grid list-disc gap-1 pl-5 text-ink-soft marker:text-line-strong">
        {children}
      </ul>
    </div>
  );
}

/** What is collected, where it goes and what never is: the text that people agree to. A change of meaning raises CONSENT_VERSION. */
export function Disclosure({ convexUrl }: Props) {
  return (
    <div className="grid gap-4">
      <Part title="What is collected">
        <li>
          From the pages of agents that you switch on: what you write, the answers, reasoning, tool
          calls with their input and output, and the names of files.
        </li>
        <li>About each session: title, address, project folder, models, tokens, cost and times.</li>
        <li>From your sign-in: your e-mail address, name, picture address and user id.</li>
      </Part>
      <Part title="Where it goes">
        <li>
          {convexUrl === "" ? (
            <>To your own Convex deployment, whose URL you set in the options. None is set yet.</>
          ) : (
            <>
              To your own Convex deployment:{" "}
              <span className="font-mono text-xs wrap-anywhere text-ink">{convexUrl}</span>
            </>
          )}
        </li>
        <li>Your sign-in is handled by WorkOS AuthKit. Nobody else gets anything.</li>
        <li>
          What is not sent yet waits in this browser. Known kinds of secret keys are masked before
          anything is stored.
        </li>
      </Part>
      <Part title="What is never collected">
        <li>Other sites, agents that are off, and private windows.</li>
        <li>Anything while you are signed out or have paused it.</li>
        <li>Cookies, passwords of sites, and how you use this extension.</li>
      </Part>
      <Part title="Taking it back">
        <li>Delete any session in the archive. Withdraw this agreement in the options.</li>
      </Part>
    </div>
  );
}
