import { useCallback, useState } from "react";
import type { Answer, Trouble } from "../utils/errors";
import { ask } from "./ask";

/** One thing a button does: whether it is under way, and what went wrong the last time. */
export interface Action {
  isBusy: boolean;
  trouble: Trouble | null;
  /** True when it worked. */
  run<T>(call: Promise<Answer<T>>): Promise<boolean>;
}

/** Runs calls to the background one after the other for a button. */
export function useAction(): Action {
  const [isBusy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const run = useCallback(async <T>(call: Promise<Answer<T>>) => {
    setBusy(true);
    setTrouble(null);
    const answer = await ask(call);
    setBusy(false);
    if (!answer.ok) setTrouble(answer.trouble);
    return answer.ok;
  }, []);
  return { isBusy, trouble, run };
}
