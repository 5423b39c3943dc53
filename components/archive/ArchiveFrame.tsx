import type { ReactNode } from "react";
import type { Auth } from "../auth-state";
import { pageUrl } from "../open-page";
import { Person } from "../Person";
import { buttonClasses } from "../ui/Button";
import { Wordmark } from "../Wordmark";

interface Props {
  auth: Auth;
  children: ReactNode;
}

/** The archive's top line and the space below it. */
export function ArchiveFrame({ auth, children }: Props) {
  return (
    <div className="grid h-dvh grid-rows-[auto_1fr]">
      <header className="flex items-center justify-between gap-3 border-b border-line bg-surface px-4 py-2">
        <Wordmark />
        <div className="flex min-w-0 items-center gap-3">
          {auth.user && auth.isAuthenticated && (
            <div className="hidden min-w-0 sm:block">
              <Person person={auth.user} />
            </div>
          )}
          <a href={pageUrl("options")} className={buttonClasses("secondary", "small")}>
            Options
          </a>
        </div>
      </header>
      {children}
    </div>
  );
}
