import type { PaginationStatus } from "convex/react";
import { useEffect, useRef } from "react";
import { Button } from "../ui/Button";
import { Spinner } from "../ui/Spinner";

interface Props {
  status: PaginationStatus;
  /** Plural of what is listed. */
  what: string;
  onMore: () => void;
}

/** The end of a list that loads its next page when it comes into view. */
export function LoadMore({ status, what, onMore }: Props) {
  const end = useRef<HTMLDivElement>(null);
  const more = useRef(onMore);
  useEffect(() => {
    more.current = onMore;
  }, [onMore]);
  useEffect(() => {
    if (status !== "CanLoadMore" || !end.current) return;
    const observer = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && more.current(),
      { rootMargin: "600px" },
    );
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [status]);

  if (status === "Exhausted") return null;
  return (
    <div ref={end} className="flex justify-center py-2">
      {status === "CanLoadMore" ? (
        <Button size="small" onClick={onMore}>
          More {what}
        </Button>
      ) : (
        <p role="status" className="flex items-center gap-2 text-sm text-ink-soft">
          <Spinner size={14} /> Loading {what}
        </p>
      )}
    </div>
  );
}
