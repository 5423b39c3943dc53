import { useConvex } from "convex/react";
import { useCallback, useMemo, useState } from "react";
import type { Part } from "../../agents/agent";
import { partsKey, type LoadedParts } from "./conversation";
import { convexParts, readParts } from "./read-parts";
import type { Message } from "./types";

interface LargeParts {
  loaded: LoadedParts;
  load: (message: Message) => void;
  stateOf: (message: Message) => "idle" | "busy" | "failed";
}

type Entry = Part[] | "busy" | "failed";

/** Parts of large messages, read when somebody asks for them. */
export function useLargeParts(): LargeParts {
  const convex = useConvex();
  const [entries, setEntries] = useState<ReadonlyMap<string, Entry>>(new Map());
  const load = useCallback(
    (message: Message) => {
      const set = (entry: Entry) =>
        setEntries((before) => new Map(before).set(partsKey(message), entry));
      set("busy");
      // Whatever the reason, the person can try again; the message itself is untouched in Convex.
      readParts(message, convexParts(convex)).then(set, () => set("failed"));
    },
    [convex],
  );
  const loaded = useMemo(
    () =>
      new Map(
        [...entries].filter((entry): entry is [string, Part[]] => typeof entry[1] !== "string"),
      ),
    [entries],
  );
  const stateOf = (message: Message) => {
    const entry = entries.get(partsKey(message));
    return typeof entry === "string" ? entry : "idle";
  };
  return { loaded, load, stateOf };
}
