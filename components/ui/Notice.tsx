import { CircleAlert, CircleCheck, Info, TriangleAlert, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { classes } from "./classes";

export type NoticeTone = "info" | "good" | "warn" | "danger";

interface Props {
  tone: NoticeTone;
  title: ReactNode;
  children?: ReactNode;
  /** Buttons, below the text. */
  actions?: ReactNode;
}

const ICONS: Record<NoticeTone, LucideIcon> = {
  info: Info,
  good: CircleCheck,
  warn: TriangleAlert,
  danger: CircleAlert,
};

const TONES: Record<NoticeTone, string> = {
  info: "bg-sunken [&>svg]:text-ink-soft",
  good: "bg-good-soft [&>svg]:text-good",
  warn: "bg-warn-soft [&>svg]:text-warn",
  danger: "bg-danger-soft [&>svg]:text-danger",
};

/** Something the person should know. Warnings and errors are read out at once, the rest when there is a pause. */
export function Notice({ tone, title, children, actions }: Props) {
  const Icon = ICONS[tone];
  const isUrgent = tone === "danger" || tone === "warn";
  return (
    <div
      role={isUrgent ? "alert" : "status"}
      className={classes("flex gap-2.5 rounded-lg px-3 py-2.5 text-sm text-ink", TONES[tone])}
    >
      <Icon size={16} aria-hidden="true" className="mt-0.5 shrink-0" />
      <div className="grid min-w-0 flex-1 gap-1">
        <p className="font-medium wrap-anywhere">{title}</p>
        {children && <div className="wrap-anywhere text-ink-soft">{children}</div>}
        {actions && <div className="mt-1 flex flex-wrap gap-2">{actions}</div>}
      </div>
    </div>
  );
}
