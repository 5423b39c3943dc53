import { useEffect, useState } from "react";

/** The part of a stored item (utils/storage) that a page reads. */
interface StoredItem<T> {
  getValue(): Promise<T>;
  watch(onChange: (value: T) => void): () => void;
}

/** A stored item's value, kept up to date; undefined until it is read. */
export function useStored<T>(item: StoredItem<T>): T | undefined {
  const [value, setValue] = useState<T>();
  useEffect(() => {
    let isCurrent = true;
    const stop = item.watch((next) => {
      isCurrent = false;
      setValue(next);
    });
    // A change that arrives before the first read is newer than what that read answers.
    void item.getValue().then((first) => {
      if (isCurrent) setValue(first);
    });
    return () => {
      isCurrent = false;
      stop();
    };
  }, [item]);
  return value;
}
