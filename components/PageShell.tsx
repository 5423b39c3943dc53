import type { ReactNode } from "react";
import { Wordmark } from "./Wordmark";

interface Props {
  title: string;
  intro?: ReactNode;
  /** Right end of the top line. */
  aside?: ReactNode;
  children: ReactNode;
}

/** The frame of the pages that are read from top to bottom. */
export function PageShell({ title, intro, aside, children }: Props) {
  return (
    <div className="mx-auto grid max-w-2xl gap-8 px-4 pt-6 pb-16 sm:px-6">
      <header className="grid gap-6">
        <div className="flex min-h-8 flex-wrap items-center justify-between gap-3">
          <Wordmark />
          {aside}
        </div>
        <div className="grid gap-1.5">
          <h1 className="text-2xl font-semibold tracking-tight">{title}</h1>
          {intro && <p className="max-w-[60ch] text-ink-soft">{intro}</p>}
        </div>
      </header>
      <main className="grid gap-8">{children}</main>
    </div>
  );
}
