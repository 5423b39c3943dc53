import type { AgentDrift } from "../../utils/storage";
import { Button } from "../ui/Button";
import { Notice } from "../ui/Notice";
import { driftWords } from "./drift-words";
import type { AgentInfo } from "./switch-agent";

interface Props {
  agents: readonly AgentInfo[];
  /** By agent. */
  drifts: Record<string, AgentDrift>;
  onOpenOptions: () => void;
}

const AND = new Intl.ListFormat("en", { type: "conjunction" });

/** In short, which agents have changed; the options say more. */
export function ChangedAgents({ agents, drifts, onOpenOptions }: Props) {
  const changed = agents.flatMap((agent) => {
    const words = drifts[agent.id] && driftWords(agent.name, drifts[agent.id]!);
    return words ? [{ name: agent.name, words }] : [];
  });
  const [first] = changed;
  if (!first) return null;
  const names = AND.format(changed.map(({ name }) => name));
  return (
    <div className="px-4 py-3">
      <Notice
        tone="warn"
        title={changed.length === 1 ? first.words.title : `${names} changed.`}
        actions={
          <Button size="small" onClick={onOpenOptions}>
            See what to do
          </Button>
        }
      >
        {changed.length === 1
          ? first.words.meaning.join(" ")
          : "Some of what they send may be missing. What could be read is saved, and capture goes on."}
      </Notice>
    </div>
  );
}
