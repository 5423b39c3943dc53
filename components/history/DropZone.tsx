import { Upload } from "lucide-react";
import { useId, useState, type DragEvent } from "react";
import { classes } from "../ui/classes";

interface Props {
  isDisabled: boolean;
  onFiles: (files: File[]) => void;
}

/** Takes files: dropped on it, or chosen with the keyboard or a click. */
export function DropZone({ isDisabled, onFiles }: Props) {
  const id = useId();
  const [isOver, setOver] = useState(false);
  const take = (list: FileList | null) => {
    if (!isDisabled) onFiles([...(list ?? [])]);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files);
  };
  return (
    <div
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
      className={classes(
        "grid justify-items-center gap-2 rounded-lg border border-dashed p-6 text-center",
        "has-[:focus-visible]:outline-2 has-[:focus-visible]:outline-accent",
        isOver ? "border-accent bg-accent-soft" : "border-line-strong",
      )}
    >
      <Upload size={20} aria-hidden="true" className="text-ink-soft" />
      <label
        htmlFor={id}
        className={classes("font-medium", !isDisabled && "cursor-pointer text-accent underline")}
      >
        Choose export files
      </label>
      <input
        id={id}
        type="file"
        multiple
        accept=".zip,.json,.jsonl"
        disabled={isDisabled}
        className="sr-only"
        onChange={(event) => {
          take(event.target.files);
          // Choosing the same file again is a new import.
          event.target.value = "";
        }}
      />
      <p className="text-sm text-ink-soft">
        or drop them here: a ZIP as it was sent, .json or .jsonl
      </p>
    </div>
  );
}
