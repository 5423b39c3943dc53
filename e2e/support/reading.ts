/** A reading as it comes out of the worker, as far as specs look at it. */
export interface Reading {
  session: { agent: string; key: string; parentKey?: string; title?: string };
  messages: {
    key: string;
    parentKey?: string;
    role: string;
    state: "partial" | "final";
    parts: { type: string; text?: string; childKey?: string }[];
  }[];
}
