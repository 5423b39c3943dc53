import { Check } from "lucide-react";
import { useId, type ReactNode } from "react";
import { classes } from "../ui/classes";

interface Props {
  number: number;
  title: string;
  isDone: boolean;
  children: ReactNode;
}

/** One numbered step, marked when it is done. */
export function Step({ number, title, isDone, children }: Props) {
  const id = useId();
  return (
    <li className="grid grid-cols-[2rem_1fr] gap-x-3">
      <span
        aria-hidden="true"
        className={classes(
          "grid size-7 place-items-center rounded-full text-sm font-semibold",
          isDone ? "bg-good-soft text-good" : "bg-accent-soft text-accent",
        )}
      >
        {isDone ? <Check size={15} /> : number}
      </span>
      <section aria-labelledby={id} className="grid min-w-0 gap-3">
        <h2 id={id} className="pt-0.5 text-lg font-semibold">
          {title}
          {isDone && <span className="sr-only"> (done)</span>}
        </h2>
        {children}
      </section>
    </li>
  );
}
