/** Longest event that is looked at; a longer one is no short message that a turn ended. */
const MAX_EVENT_CHARS = 1024 * 1024;

/** Cuts the text of an event stream into its events; without a separator they are server-sent ones. */
export function splitEvents(
  onEvent: (event: string) => void,
  separator?: string,
): (text: string) => void {
  let rest = "";
  return (text) => {
    const events =
      separator === undefined
        ? (rest + text).replace(/\r/g, "").split("\n\n")
        : (rest + text).split(separator);
    rest = events.pop() ?? "";
    if (rest.length > MAX_EVENT_CHARS) rest = "";
    events.forEach(onEvent);
  };
}
