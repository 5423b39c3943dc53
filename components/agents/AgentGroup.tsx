import { useId, type ReactNode } from "react";

interface Props {
  title: string;
  /** Beside the title: how many are on. */
  aside: string;
  children: ReactNode;
}

/** Agents of one kind, in two columns where there is room. */
export function AgentGroup({ title, aside, children }: Props) {
  const id = useId();
  return (
    <section aria-labelledby={id} className="grid gap-2">
      <div className="flex items-baseline justify-between gap-3">
        <h3 id={id} className="text-sm font-semibold">
          {title}
        </h3>
        <span className="text-xs text-ink-soft">{aside}</span>
      </div>
      <ul aria-labelledby={id} className="grid gap-2 sm:grid-cols-2">
        {children}
      </ul>
    </section>
  );
}
