import type { ReactNode } from "react";
import { useState } from "react";
import type { Answer } from "../../utils/errors";
import { TroubleNotice } from "../TroubleNotice";
import { ask } from "../ask";
import { Button } from "../ui/Button";
import { Notice } from "../ui/Notice";
import { TextField } from "../ui/TextField";

interface Props {
  label: string;
  hint: ReactNode;
  placeholder: string;
  value: string;
  onValue: (value: string) => void;
  /** What is wrong with the value as it stands, without asking anybody. */
  error: string | null;
  /** Shows the error now; before, somebody may still be typing. */
  isErrorShown: boolean;
  onCheck: () => void;
  /** Asks the other side; answers what to say when it is fine. */
  check: () => Promise<Answer<string>>;
}

type Result = { kind: "none" } | { kind: "busy" } | { kind: "done"; answer: Answer<string> };

/** A setting with a button that tries it and says what came of it. */
export function CheckedField(props: Props) {
  const [result, setResult] = useState<Result>({ kind: "none" });
  const check = async () => {
    props.onCheck();
    setResult({ kind: "none" });
    if (props.error !== null) return;
    setResult({ kind: "busy" });
    setResult({ kind: "done", answer: await ask(props.check()) });
  };
  return (
    <div className="grid gap-2">
      <TextField
        label={props.label}
        hint={props.hint}
        placeholder={props.placeholder}
        value={props.value}
        error={props.isErrorShown ? props.error : null}
        onValue={(value) => {
          setResult({ kind: "none" });
          props.onValue(value);
        }}
        beside={
          <Button
            aria-label={`Check the ${props.label}`}
            isBusy={result.kind === "busy"}
            onClick={() => void check()}
          >
            Check
          </Button>
        }
      />
      {result.kind === "done" && result.answer.ok && (
        <Notice tone="good" title={result.answer.value} />
      )}
      {result.kind === "done" && !result.answer.ok && (
        <TroubleNotice trouble={result.answer.trouble} />
      )}
    </div>
  );
}
