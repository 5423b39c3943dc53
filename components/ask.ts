import type { Answer, Trouble } from "../utils/errors";

/** The trouble of a call that should always be answered, and was not. */
function noAnswer(): Trouble {
  return {
    code: "unexpected",
    message:
      "The extension's background did not answer. What was captured is safe in this browser.",
    next: "Try again. If it stays, restart the browser.",
    at: Date.now(),
  };
}

/** Waits for the background's answer; a background that cannot answer is a trouble, never a throw. */
export async function ask<T>(call: Promise<Answer<T>>): Promise<Answer<T>> {
  try {
    return (await call) ?? { ok: false, trouble: noAnswer() };
  } catch {
    // The messaging layer throws when nobody listens; which of its errors it was helps nobody.
    return { ok: false, trouble: noAnswer() };
  }
}

/** Like `ask`, for calls without an answer of their own. */
export function tell(call: Promise<unknown>): Promise<Answer> {
  return ask(call.then((): Answer => ({ ok: true, value: null })));
}
