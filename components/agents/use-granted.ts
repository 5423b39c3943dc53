import { useEffect, useState } from "react";
import { browser } from "../../utils/browser";

/** Those of these patterns that the browser grants now; null until it has answered. */
export function useGranted(patterns: readonly string[]): ReadonlySet<string> | null {
  const [granted, setGranted] = useState<ReadonlySet<string> | null>(null);
  const key = patterns.join(" ");
  useEffect(() => {
    let isMounted = true;
    const look = async () => {
      const all = key === "" ? [] : key.split(" ");
      const answers = await Promise.all(
        all.map((pattern) => browser.permissions.contains({ origins: [pattern] })),
      );
      if (isMounted) setGranted(new Set(all.filter((_, at) => answers[at])));
    };
    const lookAgain = () => void look();
    lookAgain();
    browser.permissions.onAdded.addListener(lookAgain);
    browser.permissions.onRemoved.addListener(lookAgain);
    return () => {
      isMounted = false;
      browser.permissions.onAdded.removeListener(lookAgain);
      browser.permissions.onRemoved.removeListener(lookAgain);
    };
  }, [key]);
  return granted;
}
