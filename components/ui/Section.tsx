import { useId, type ReactNode } from "react";

interface Props {
  title: string;
  /** One or two sentences under the title. */
  intro?: ReactNode;
  children: ReactNode;
}

/** A titled part of a page, on a card. */
export function Section({ title, intro, children }: Props) {
  const id = useId();
  return (
    <section aria-labelledby={id} className="grid gap-2">
      <h2 id={id} className="text-lg font-semibold">
        {title}
      </h2>
      {intro && <p className="max-w-[65ch] text-sm text-ink-soft">{intro}</p>}
      <div className="mt-1 grid gap-4 rounded-xl border border-line bg-surface p-4 shadow-card">
        {children}
      </div>
    </section>
  );
}
