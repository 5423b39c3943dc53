import { Check, Copy, X } from "lucide-react";
import { useEffect, useState } from "react";
import { Button, type ButtonLook } from "./Button";

interface Props {
  /** What is copied; a function is asked at the click. */
  text: string | (() => Promise<string>);
  label: string;
  look?: ButtonLook;
  /** Only the icon shows; the label is still read out. */
  isIconOnly?: boolean;
}

type State = "idle" | "busy" | "copied" | "failed";

const SHOWN_MS = 2000;

/** Copies to the clipboard and says whether it worked. */
export function CopyButton({ text, label, look = "secondary", isIconOnly = false }: Props) {
  const [state, setState] = useState<State>("idle");
  useEffect(() => {
    if (state !== "copied" && state !== "failed") return;
    const timer = setTimeout(() => setState("idle"), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [state]);

  const copy = async () => {
    setState("busy");
    try {
      await navigator.clipboard.writeText(typeof text === "string" ? text : await text());
      setState("copied");
    } catch {
      // The text could not be read or the browser refused the clipboard: the label says so.
      setState("failed");
    }
  };

  const said = state === "copied" ? "Copied" : state === "failed" ? "Not copied" : label;
  const Icon = state === "copied" ? Check : state === "failed" ? X : Copy;
  return (
    <>
      <Button
        look={look}
        size="small"
        isBusy={state === "busy"}
        aria-label={isIconOnly ? label : undefined}
        title={isIconOnly ? label : undefined}
        className={isIconOnly ? "px-1.5!" : undefined}
        onClick={() => void copy()}
      >
        {state !== "busy" && <Icon size={14} aria-hidden="true" />}
        {!isIconOnly && said}
      </Button>
      <span role="status" className="sr-only">
        {state === "copied" || state === "failed" ? said : ""}
      </span>
    </>
  );
}
