import { createContext, runInContext, Script } from "node:vm";
import {
  installCalls,
  installClock,
  installGlobals,
  type RealmEntry,
  type RealmHost,
} from "./bootstrap.ts";
import { type CompiledModules, ModuleLoader } from "./modules.ts";

/**
 * A context that pushed code runs in. In a transaction context every step, promise continuations included, runs inside
 * a time limit: the context has its own queue of continuations, which is emptied only from `enter`.
 */

/** Names that a Convex function may use beyond the language, the engine's own objects so that `instanceof` holds. */
const SHARED_GLOBALS = [
  ...["AbortController", "AbortSignal", "ArrayBuffer", "Blob", "CompressionStream", "CryptoKey"],
  ...["DataView", "DecompressionStream", "DOMException", "Event", "EventTarget", "File"],
  ...["Float32Array", "Float64Array", "FormData", "Headers", "Int8Array", "Int16Array"],
  ...["Int32Array", "BigInt64Array", "BigUint64Array", "ReadableStream", "Request", "Response"],
  ...["SubtleCrypto", "TextDecoder", "TextEncoder", "TransformStream", "URL", "URLSearchParams"],
  ...["Uint8Array", "Uint8ClampedArray", "Uint16Array", "Uint32Array", "WritableStream"],
  ...["atob", "btoa", "crypto", "performance", "structuredClone"],
];
const ACTION_GLOBALS = ["fetch", "setTimeout", "setInterval", "clearTimeout", "clearInterval"];

/** A function ran past its time limit. */
export class FunctionTimeout extends Error {
  constructor(seconds: number) {
    super(
      `The function did not finish within ${seconds} seconds and was stopped; nothing that it wrote was kept. Look for an endless loop or a promise that is never settled.`,
    );
    this.name = "FunctionTimeout";
  }
}

/** How a function ended. */
export interface Settled {
  isSuccess: boolean;
  value: unknown;
}

const TURN = new Script("host.turn()", { filename: "convex:/turn" });

function globalsOf(kind: RealmHost["kind"]): Record<string, unknown> {
  const names = kind === "action" ? [...SHARED_GLOBALS, ...ACTION_GLOBALS] : SHARED_GLOBALS;
  const all = globalThis as unknown as Record<string, unknown>;
  return Object.fromEntries(names.map((name) => [name, all[name]]));
}

export class Realm {
  private readonly kind: RealmHost["kind"];
  private readonly context: object;
  private readonly timeoutMs: number;
  private readonly modules: ModuleLoader;
  private readonly entry: RealmEntry;
  private job: () => unknown = () => undefined;
  private isInside = false;

  constructor(host: RealmHost, compiled: CompiledModules, timeoutMs: number) {
    this.kind = host.kind;
    this.timeoutMs = timeoutMs;
    this.context = createContext(
      globalsOf(host.kind),
      host.kind === "transaction" ? { microtaskMode: "afterEvaluate" } : {},
    );
    const turn = { turn: () => this.job() };
    Object.defineProperty(this.context, "host", { value: turn, enumerable: false });
    Object.assign(this.context, { self: runInContext("globalThis", this.context) });
    this.install(installClock)(host);
    this.install(installGlobals)(host);
    this.entry = this.install(installCalls)(host);
    this.modules = new ModuleLoader(compiled, (script) => script.runInContext(this.context));
  }

  /** The same function, made anew inside the context. */
  private install<T>(install: (host: RealmHost) => T): (host: RealmHost) => T {
    return runInContext(`(${install.toString()})`, this.context) as (host: RealmHost) => T;
  }

  /** Paths of all modules. */
  paths(): string[] {
    return this.modules.paths();
  }

  has(path: string): boolean {
    return this.modules.has(path);
  }

  /** The exports of a module, evaluated at the first use. */
  load(path: string): Record<string, unknown> {
    return this.enter(() => this.modules.load(path));
  }

  /** Runs a job in the context with the time limit. Inside another one it is simply part of it. */
  enter<T>(job: () => T): T {
    // A second evaluation would run promise continuations in the middle of the function that is calling.
    if (this.isInside) return job();
    this.job = job;
    this.isInside = true;
    try {
      return TURN.runInContext(this.context, { timeout: this.timeoutMs }) as T;
    } catch (error) {
      if ((error as { code?: string }).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") {
        throw new FunctionTimeout(this.timeoutMs / 1000);
      }
      throw error;
    } finally {
      this.isInside = false;
    }
  }

  /** Runs a function to its end. */
  async call(call: () => unknown): Promise<Settled> {
    if (this.kind === "action") {
      return await new Promise((resolve) => {
        void this.entry.run(call, (isSuccess, value) => resolve({ isSuccess, value }));
      });
    }
    let settled: Settled | null = null;
    const done = (isSuccess: boolean, value: unknown) => {
      settled = { isSuccess, value };
    };
    this.enter(() => void this.entry.run(call, done));
    return settled ?? (await this.waitFor(() => settled));
  }

  /** The function awaits something outside the context (crypto.subtle, a Blob): look again until it goes on. */
  private async waitFor(settled: () => Settled | null): Promise<Settled> {
    const deadline = performance.now() + this.timeoutMs;
    for (;;) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      this.enter(() => undefined);
      const result = settled();
      if (result !== null) return result;
      if (performance.now() > deadline) throw new FunctionTimeout(this.timeoutMs / 1000);
    }
  }
}
