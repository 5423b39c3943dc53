import type { ButtonHTMLAttributes, MouseEvent } from "react";
import { classes } from "./classes";
import { Spinner } from "./Spinner";

export type ButtonLook = "primary" | "secondary" | "quiet" | "danger";

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: ButtonLook;
  size?: "small" | "normal";
  /** Work is under way: the button keeps its place and the focus, and does nothing. */
  isBusy?: boolean;
}

const LOOKS: Record<ButtonLook, string> = {
  primary: "bg-accent text-on-accent border-transparent hover:bg-accent-hover font-medium",
  secondary: "bg-surface text-ink border-line hover:border-line-strong",
  quiet: "bg-transparent text-ink-soft border-transparent hover:bg-sunken hover:text-ink",
  danger: "bg-surface text-danger border-line hover:border-danger",
};

const SIZES = {
  small: "h-7 px-2.5 text-sm gap-1.5 rounded-md",
  normal: "h-9 px-3.5 text-base gap-2 rounded-lg",
};

/** The look of a button, for links that act like one. */
export function buttonClasses(look: ButtonLook = "secondary", size: keyof typeof SIZES = "normal") {
  return classes(
    "inline-flex shrink-0 items-center justify-center border whitespace-nowrap transition-colors",
    "disabled:cursor-not-allowed disabled:opacity-50",
    LOOKS[look],
    SIZES[size],
  );
}

/** A button in one of four looks; at most one primary per view. */
export function Button(props: Props) {
  const { look, size, isBusy = false, className, children, onClick, ...rest } = props;
  const handleClick = (event: MouseEvent<HTMLButtonElement>) => {
    if (isBusy) event.preventDefault();
    else onClick?.(event);
  };
  return (
    <button
      type="button"
      aria-disabled={isBusy || undefined}
      aria-busy={isBusy || undefined}
      className={classes(buttonClasses(look, size), className)}
      onClick={handleClick}
      {...rest}
    >
      {isBusy && <Spinner size={14} />}
      {children}
    </button>
  );
}
