import { useConvexConnectionState } from "convex/react";
import { useEffect, useState } from "react";
import { Notice } from "../ui/Notice";

/** A reconnect within this time is nobody's business. */
const PATIENCE_MS = 3000;

/** Says when the list is no longer live. */
export function ConnectionBanner() {
  const { isWebSocketConnected } = useConvexConnectionState();
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(
      () => setLate(!isWebSocketConnected),
      isWebSocketConnected ? 0 : PATIENCE_MS,
    );
    return () => clearTimeout(timer);
  }, [isWebSocketConnected]);
  if (!isLate || isWebSocketConnected) return null;
  return (
    <div className="px-3 pt-3">
      <Notice tone="warn" title="Convex cannot be reached.">
        What is shown may be old. The page goes on by itself when the connection is back.
      </Notice>
    </div>
  );
}
