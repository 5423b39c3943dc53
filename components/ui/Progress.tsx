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
      className="h-2 w-full overflow-hidden rounded-full accent-accent"
    />
  );
}
