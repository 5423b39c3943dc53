import { AlertDialog as Primitive } from "radix-ui";
import { useRef, type ReactNode } from "react";
import { Button } from "./Button";

interface Props {
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
  title: string;
  children: ReactNode;
  /** Label of the harmless button, which has the focus at first. */
  no: string;
  /** Label of the button that does it. */
  yes: string;
  /** It is being done. */
  isBusy?: boolean;
  onYes: () => void;
}

/** Asks before something that cannot be undone. Escape closes it, and the focus returns to where it was. */
export function Dialog(props: Props) {
  // Radix returns the focus to its own trigger only, and these dialogs are opened by any button.
  const opener = useRef<Element | null>(null);
  const rememberFocus = () => {
    opener.current = document.activeElement;
  };
  const returnFocus = () => {
    if (opener.current instanceof HTMLElement) opener.current.focus();
  };
  return (
    <Primitive.Root open={props.isOpen} onOpenChange={props.onOpenChange}>
      <Primitive.Portal>
        <Primitive.Overlay className="fixed inset-0 z-40 bg-veil" />
        <Primitive.Content
          onOpenAutoFocus={rememberFocus}
          onCloseAutoFocus={returnFocus}
          className="fixed top-1/2 left-1/2 z-50 grid w-[min(28rem,calc(100vw-2rem))] -translate-x-1/2 -translate-y-1/2 gap-3 rounded-xl border border-line bg-surface p-5 shadow-over"
        >
          <Primitive.Title className="text-lg font-semibold wrap-anywhere">
            {props.title}
          </Primitive.Title>
          <Primitive.Description asChild>
            <div className="grid gap-2 wrap-anywhere text-ink-soft">{props.children}</div>
          </Primitive.Description>
          <div className="mt-2 flex justify-end gap-2">
            <Primitive.Cancel asChild>
              <Button>{props.no}</Button>
            </Primitive.Cancel>
            <Button look="danger" isBusy={props.isBusy} onClick={props.onYes}>
              {props.yes}
            </Button>
          </div>
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}
