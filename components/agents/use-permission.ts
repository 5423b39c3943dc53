import { useEffect, useState } from "react";
import { browser } from "../../utils/browser";

/** Whether the browser grants all of these origins now; null until it has answered. */
export function usePermission(patterns: string[]): boolean | null {
  const [isGranted, setGranted] = useState<boolean | null>(null);
  const key = patterns.join(" ");
  useEffect(() => {
    let isMounted = true;
    const look = () => {
      void browser.permissions.contains({ origins: key.split(" ") }).then((answer) => {
        if (isMounted) setGranted(answer);
      });
    };
    look();
    browser.permissions.onAdded.addListener(look);
    browser.permissions.onRemoved.addListener(look);
    return () => {
      isMounted = false;
      browser.permissions.onAdded.removeListener(look);
      browser.permissions.onRemoved.removeListener(look);
    };
  }, [key]);
  return isGranted;
}
