import { X } from "lucide-react";
import { Button } from "../ui/Button";

interface Props {
  agentName: string;
  origins: string[];
  isDisabled: boolean;
  onChange: (origins: string[]) => void;
}

/** The addresses that the person named for an agent. */
export function NamedOrigins({ agentName, origins, isDisabled, onChange }: Props) {
  return (
    <ul aria-label={`More addresses of ${agentName}`} className="grid gap-1">
      {origins.map((origin) => (
        <li key={origin} className="flex items-center justify-between gap-2">
          <span className="min-w-0 font-mono text-xs wrap-anywhere">{origin}</span>
          <Button
            look="quiet"
            size="small"
            aria-label={`Remove ${origin}`}
            disabled={isDisabled}
            onClick={() => onChange(origins.filter((other) => other !== origin))}
          >
            <X size={14} aria-hidden="true" />
            Remove
          </Button>
        </li>
      ))}
    </ul>
  );
}
