/**
 * The page's primitives as they are before its first script, taken when this module runs: what the page replaces later neither sees
 * nor stops the tap.
 */

export const { apply, construct } = Reflect;
export const { fetch: nativeFetch, Headers, Request, Response } = globalThis;

/** `method` as a function of its object. */
function free<Args extends unknown[], Result>(
  method: (...args: Args) => Result,
): (self: unknown, ...args: Args) => Result {
  return (self, ...args) => apply(method, self, args) as Result;
}

const reader = ReadableStreamDefaultReader.prototype;

export const chain = free(Promise.prototype.then as Promise<unknown>["then"]);
export const clone = free(Response.prototype.clone);
export const cloneRequest = free(Request.prototype.clone);
export const getReader = free(
  ReadableStream.prototype.getReader as () => ReadableStreamDefaultReader,
);
export const read = free(reader.read as () => Promise<ReadableStreamReadResult<Uint8Array>>);
export const cancel = free(reader.cancel);
export const decode = free(TextDecoder.prototype.decode);
export const post = free(MessagePort.prototype.postMessage as (message: unknown) => void);
export const listen = free(
  EventTarget.prototype.addEventListener as (
    type: string,
    listener: (event: Event) => void,
  ) => void,
);
export const exec = free(RegExp.prototype.exec);

/** Does the tap's own work: whatever goes wrong in it is never the page's. */
export function quietly<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    // An address that the page's own call refuses, a body that cannot be copied: the page goes on as without us.
    return undefined;
  }
}

/** Puts a transparent wrapper around a method: it tells `before` and `after` of each call, and changes nothing. */
export function wrap<T extends object, Seen>(
  owner: T,
  name: keyof T,
  after: ((self: object, args: unknown[], result: unknown, seen: Seen | undefined) => void) | null,
  before?: (self: object, args: unknown[]) => Seen,
): void {
  const value = new Proxy(owner[name] as (...args: never[]) => unknown, {
    apply(target, self: object, args: unknown[]) {
      const seen = before && quietly(() => before(self, args));
      const result: unknown = apply(target, self, args);
      quietly(() => after?.(self, args, result, seen));
      return result;
    },
  });
  Object.defineProperty(owner, name, { value });
}
