import { classes } from "./classes";

interface Props {
  /** What is going on, for screen readers. */
  label: string;
  value: number;
  max: number;
}

/** How far something is. */
export function Progress({ label, value, max }: Props) {
  return (
    <progress
      aria-label={label}
      value={value}
      max={Math.max(1, max)}
      className={classes(
        "h-1.5 w-full appearance-none overflow-hidden rounded-full border-0 bg-sunken",
        "[&::-moz-progress-bar]:bg-accent",
        "[&::-webkit-progress-bar]:bg-sunken [&::-webkit-progress-value]:bg-accent",
      )}
    />
  );
}
