import { useId, type InputHTMLAttributes, type ReactNode } from "react";
import { classes } from "./classes";

interface Props extends Omit<InputHTMLAttributes<HTMLInputElement>, "onChange" | "value"> {
  label: string;
  hint?: ReactNode;
  /** Says what is wrong with the value and how to mend it. */
  error?: string | null;
  value: string;
  onValue: (value: string) => void;
  /** Stands right of the input, for example a button. */
  beside?: ReactNode;
}

/** A labelled line of text with a hint and an error that screen readers tie to it. */
export function TextField({ label, hint, error, value, onValue, beside, ...rest }: Props) {
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  return (
    <div className="grid gap-1">
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      {hint && (
        <p id={`${id}-hint`} className="text-sm text-ink-soft">
          {hint}
        </p>
      )}
      <div className="flex gap-2">
        <input
          id={id}
          value={value}
          spellCheck={false}
          autoComplete="off"
          autoCapitalize="off"
          aria-invalid={error ? true : undefined}
          aria-describedby={described || undefined}
          onChange={(event) => onValue(event.target.value)}
          className={classes(
            "h-9 w-full min-w-0 rounded-lg border bg-surface px-3 text-base text-ink placeholder:text-ink-soft disabled:opacity-50",
            error ? "border-danger" : "border-line-strong",
          )}
          {...rest}
        />
        {beside}
      </div>
      {error && (
        <p id={`${id}-error`} role="alert" className="text-sm text-danger">
          {error}
        </p>
      )}
    </div>
  );
}
