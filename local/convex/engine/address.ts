import type { JSONValue } from "convex/values";

const HANDLE = "function://;";

/** The path of the function that a call names, by name or by a handle made here. */
export function calledPath(args: { [name: string]: JSONValue | undefined }): string {
  if (typeof args.name === "string") return args.name;
  if (typeof args.functionHandle === "string" && args.functionHandle.startsWith(HANDLE)) {
    return args.functionHandle.slice(HANDLE.length);
  }
  throw new Error(
    "The embedded Convex does not host components. Call functions of this project's own convex/ folder, or deploy to a real Convex deployment.",
  );
}

/** A text that stands for a function and can be stored. */
export function functionHandle(path: string): string {
  return HANDLE + path;
}
