import { useState } from "react";
import { sendMessage } from "../../utils/messages";
import { CopyButton } from "../ui/CopyButton";
import { Button } from "../ui/Button";

interface Props {
  agent: { id: string; name: string };
}

/** The report on an agent that has changed, opened as text. Nothing is sent by itself. */
export function DriftReport({ agent }: Props) {
  const [text, setText] = useState<string | null>(null);
  const open = async () => {
    const failed = "The report could not be made. Reload this page and try again.";
    setText(await sendMessage("getDriftReport", { agentId: agent.id }).catch(() => failed));
  };
  return (
    <div className="grid gap-2">
      <div className="flex flex-wrap gap-2">
        <Button
          size="small"
          aria-expanded={text !== null}
          onClick={() => (text === null ? void open() : setText(null))}
        >
          {text === null ? "Show report" : "Hide report"}
        </Button>
        {text !== null && <CopyButton text={text} label="Copy" />}
      </div>
      {text !== null && (
        <pre
          // Scrolls, so the keyboard must reach it.
          tabIndex={0}
          role="region"
          aria-label={`Report on ${agent.name}`}
          className="max-h-72 overflow-y-auto rounded-lg border border-line bg-surface p-3 font-mono text-xs wrap-anywhere whitespace-pre-wrap text-ink"
        >
          {text}
        </pre>
      )}
    </div>
  );
}
