/** Longest event that is looked at; a longer one is no short message that a turn ended. */
const MAX_EVENT_CHARS = 1024 * 1024;

/** Cuts the text of an event stream into its events. */
export function splitEvents(onEvent: (event: string) => void): (text: string) => void {
  let rest = "";
  return (text) => {
    const events = (rest + text).replace(/\r/g, "").split("\n\n");
    rest = events.pop() ?? "";
    if (rest.length > MAX_EVENT_CHARS) rest = "";
    events.forEach(onEvent);
  };
}
