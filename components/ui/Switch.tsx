import { Switch as Primitive } from "radix-ui";
import { useId, type ReactNode } from "react";

interface Props {
  label: ReactNode;
  hint?: ReactNode;
  isOn: boolean;
  isDisabled?: boolean;
  /** Called in the click itself, so that a permission may be asked. */
  onChange: (isOn: boolean) => void;
}

/** A labelled switch; the label is part of what can be clicked. */
export function Switch({ label, hint, isOn, isDisabled = false, onChange }: Props) {
  const id = useId();
  return (
    <div className="flex items-start justify-between gap-4">
      <div className="min-w-0">
        <label htmlFor={id} className="cursor-pointer font-medium">
          {label}
        </label>
        {hint && (
          <div id={`${id}-hint`} className="text-sm text-ink-soft">
            {hint}
          </div>
        )}
      </div>
      <Primitive.Root
        id={id}
        checked={isOn}
        disabled={isDisabled}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onCheckedChange={onChange}
        className="mt-px h-5.5 w-10 shrink-0 rounded-full border border-line-strong bg-sunken p-0.5 transition-colors disabled:cursor-not-allowed disabled:opacity-50 data-[state=checked]:border-accent data-[state=checked]:bg-accent"
      >
        <Primitive.Thumb className="block size-4 rounded-full bg-line-strong transition-transform data-[state=checked]:translate-x-4.5 data-[state=checked]:bg-on-accent" />
      </Primitive.Root>
    </div>
  );
}
