import { Button } from "../ui/Button";
import { TextField } from "../ui/TextField";
import { count } from "../format";
import type { Wish } from "./group-agents";

interface Props {
  wish: Wish;
  onWish: (wish: Wish) => void;
  /** Names of those that are switched on. */
  on: string[];
  total: number;
  found: number;
}

const AND = new Intl.ListFormat("en", { type: "conjunction" });

/** Finds agents by name or address, and says which are on. */
export function AgentFinder({ wish, onWish, on, total, found }: Props) {
  const isFiltered = wish.text.trim() !== "" || wish.isOnOnly;
  return (
    <div className="grid gap-2">
      <TextField
        label="Find an agent"
        type="search"
        placeholder="Name or address"
        value={wish.text}
        onValue={(text) => onWish({ ...wish, text })}
        beside={
          <Button
            aria-pressed={wish.isOnOnly}
            className={wish.isOnOnly ? "border-accent! bg-accent-soft!" : undefined}
            onClick={() => onWish({ ...wish, isOnOnly: !wish.isOnOnly })}
          >
            Only those on
          </Button>
        }
      />
      <p className="text-sm text-ink-soft">
        {on.length === 0
          ? `None of ${count(total, "agent")} is switched on yet.`
          : `${on.length} of ${total} on: ${AND.format(on)}.`}
      </p>
      <p role="status" className={isFiltered && found === 0 ? "text-sm" : "sr-only"}>
        {isFiltered && foundWords(found)}
      </p>
    </div>
  );
}

function foundWords(found: number): string {
  if (found > 0) return `${count(found, "agent")} found.`;
  return "No agent is found. A page of any other agent can be added by its address below.";
}
