/** Longest event that is looked at; a longer one is no short message that a turn ended. */
const MAX_EVENT_CHARS = 1024 * 1024;

/** Takes a stream's text as it comes. */
export interface Splitter {
  add(text: string): void;
  /** The stream has ended: what nothing separates from its end is its last event. */
  end(): void;
}

/** Cuts the text of an event stream into its events; without a separator they are server-sent ones. */
export function splitEvents(onEvent: (event: string) => void, separator?: string): Splitter {
  let rest = "";
  return {
    add(text) {
      const events =
        separator === undefined
          ? (rest + text).replace(/\r/g, "").split("\n\n")
          : (rest + text).split(separator);
      rest = events.pop() ?? "";
      if (rest.length > MAX_EVENT_CHARS) rest = "";
      events.forEach(onEvent);
    },
    end() {
      if (rest !== "") onEvent(rest);
      rest = "";
    },
  };
}

/**
 * The line that stands before each event of a stream when an agent's expressions are tested: the session is often named by the request's address
 * only. No event can feign it, and none that is JSON is matched by it: an address has neither line breaks nor quotation marks.
 */
export function requestLine(method: string, address: string): string {
  const { pathname, search } = new URL(address);
  return `${method} ${pathname}${search}\n`;
}
