import { ChevronRight } from "lucide-react";
import type { ReactNode } from "react";
import { classes } from "./classes";

interface Props {
  /** What is inside, in one line; always visible. */
  summary: ReactNode;
  children: ReactNode;
  isOpen?: boolean;
  className?: string;
}

/** Content that is folded away until asked for. The browser's own element, so that finding in the page opens it. */
export function Fold({ summary, children, isOpen = false, className }: Props) {
  return (
    <details open={isOpen} className={classes("group/fold", className)}>
      <summary className="flex list-none items-center gap-1.5 rounded-md">
        <ChevronRight
          size={14}
          aria-hidden="true"
          className="shrink-0 text-ink-soft transition-transform group-open/fold:rotate-90"
        />
        <span className="min-w-0 flex-1">{summary}</span>
      </summary>
      {children}
    </details>
  );
}
