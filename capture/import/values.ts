/** The JSON values in an entry's bytes that can each be a session. A large array is never held whole. */
import { JSONParser } from "@streamparser/json";
import type { Import } from "../../agents/agent";
import type { Sink } from "./entries";

/** Which forms an entry may have, by the rules whose file names match. */
export type Form = Pick<Import, "format" | "items">;

export interface ValuesDeps {
  forms: readonly Form[];
  /** Takes a value, and which form it was found as. */
  onValue(value: unknown, form: Form): void;
  /** Called once; `problem` in words for people. */
  onEnd(problem: string | null): void;
}

/** Bytes up to which an entry that has to be parsed whole is held. */
const MAX_WHOLE_BYTES = 64 * 1024 * 1024;

const NO_JSON = "It is not JSON, or broken from some point on; what came before was read.";
const TOO_LARGE = "It is larger than 64 MB and cannot be read piece by piece.";

interface Writer {
  write(bytes: Uint8Array): void;
  end(): string | null;
}

/** Items of an array, one by one. */
function arrayItems(form: Form, onValue: (value: unknown) => void): Writer {
  const parser = new JSONParser({
    paths: [["$", ...(form.items ?? []), "*"].join(".")],
    keepStack: false,
  });
  let isBroken = false;
  parser.onValue = ({ value }) => onValue(value);
  parser.onError = () => (isBroken = true);
  return {
    write(bytes) {
      if (!isBroken && !parser.isEnded) parser.write(bytes);
    },
    end: () => (isBroken || !parser.isEnded ? NO_JSON : null),
  };
}

/** The whole entry: as one value, or as its lines. */
function whole(form: Form, onValue: (value: unknown) => void): Writer {
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  const read = (): unknown =>
    form.format === "object"
      ? JSON.parse(text)
      : text.split("\n").flatMap((line): unknown[] => (line.trim() ? [JSON.parse(line)] : []));
  return {
    write(bytes) {
      size += bytes.length;
      text = size > MAX_WHOLE_BYTES ? "" : text + decoder.decode(bytes, { stream: true });
    },
    end() {
      if (size > MAX_WHOLE_BYTES) return TOO_LARGE;
      try {
        onValue(read());
        return null;
      } catch {
        return NO_JSON;
      }
    },
  };
}

/** The forms that an entry whose first character is this can have. */
function formsOf(first: string, forms: readonly Form[]): Form[] {
  const isTopArray = ({ format, items }: Form) => format === "array" && items === undefined;
  return forms.filter((form) => form.format === "lines" || isTopArray(form) === (first === "["));
}

/** Blank, or a byte of the mark that some programs put before UTF-8. */
const isBefore = (byte: number): boolean => byte <= 0x20 || byte >= 0x80;

/** Takes an entry's bytes, and gives its values; forms that two rules share are read once. */
export function readValues({ forms, onValue, onEnd }: ValuesDeps): Sink {
  let writers: Writer[] | null = null;

  function open(first: string): Writer[] {
    const distinct = new Map(formsOf(first, forms).map((form) => [formText(form), form]));
    return [...distinct.values()].map((form) => {
      const take = (value: unknown) => onValue(value, form);
      return form.format === "array" ? arrayItems(form, take) : whole(form, take);
    });
  }
  return {
    write(bytes) {
      const start = writers ? 0 : bytes.findIndex((byte) => !isBefore(byte));
      if (start < 0) return;
      writers ??= open(String.fromCharCode(bytes[start]!));
      for (const writer of writers) writer.write(bytes.subarray(start));
    },
    end(problem) {
      const problems = (writers ?? []).map((writer) => writer.end());
      // One form that fits is enough.
      const own = problems.includes(null) ? null : (problems[0] ?? NO_JSON);
      onEnd(problem ?? own);
    },
  };
}

/** Equal for forms that are read alike. */
export function formText({ format, items = [] }: Form): string {
  return [format, ...items].join(".");
}
