import { useCallback, useEffect, useState } from "react";
import { sendMessage, type PageStatus } from "../../utils/messages";
import { agentSwitches, captureStatus, isPaused } from "../../utils/storage";

/** What the background says of the active tab, asked again whenever capture changes; null while it has not answered. */
export function usePage(): { page: PageStatus | null; refresh: () => void } {
  const [page, setPage] = useState<PageStatus | null>(null);
  const refresh = useCallback(() => {
    // No answer leaves what is shown: the next change asks again.
    sendMessage("getPage").then(setPage, () => undefined);
  }, []);
  useEffect(() => {
    refresh();
    const stops = [
      captureStatus.watch(refresh),
      agentSwitches.watch(refresh),
      isPaused.watch(refresh),
    ];
    return () => stops.forEach((stop) => stop());
  }, [refresh]);
  return { page, refresh };
}
