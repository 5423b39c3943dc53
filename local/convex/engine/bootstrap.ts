/**
 * What runs first inside a context. Each `install` function is handed over as text, so it may name nothing outside
 * itself but what every JavaScript context has.
 */

/** What the engine gives to a context. Only texts, numbers and the frame, as a handle, cross. */
export interface RealmHost {
  kind: "transaction" | "action";
  environment: string;
  /** True while auth.config.ts is evaluated: reading a variable that is not set must fail. */
  isStrictEnvironment: boolean;
  now(): number;
  random(): number;
  log(level: string, values: unknown[]): void;
  frame(): FrameHandle;
  within<T>(frame: FrameHandle, work: () => T): T;
  syscall(operation: string, json: string): string;
  asyncSyscall(frame: FrameHandle, operation: string, json: string): string | Promise<string>;
  jsSyscall(operation: string, args: object): unknown;
  beginNested(frame: FrameHandle, json: string): NestedCall;
  endNested(call: NestedCall, result: string): string;
  failNested(call: NestedCall, thrown: unknown): Error;
}

/** The engine's state of one running function; a context only hands it back, and queues its calls on `pending`. */
export interface FrameHandle {
  pending: Promise<unknown> | null;
}

/** A query or mutation called by another one. */
export interface NestedCall {
  frame: FrameHandle;
  invoke(): Promise<string>;
}

/** What the engine calls in a context. */
export interface RealmEntry {
  run(call: () => unknown, done: (isSuccess: boolean, value: unknown) => void): Promise<void>;
}

/** A clock and random numbers that belong to the running function. */
export function installClock(host: RealmHost): void {
  const RealDate = Date;
  const FrozenDate = function (this: unknown, ...args: unknown[]) {
    if (new.target === undefined) return new RealDate(host.now()).toString();
    return Reflect.construct(RealDate, args.length === 0 ? [host.now()] : args, new.target);
  } as unknown as DateConstructor;
  Object.setPrototypeOf(FrozenDate, RealDate);
  Object.defineProperty(FrozenDate, "prototype", { value: RealDate.prototype });
  RealDate.prototype.constructor = FrozenDate;
  FrozenDate.now = () => host.now();
  globalThis.Date = FrozenDate;
  Math.random = () => host.random();
}

/** The console, environment variables, and what Convex has not in queries and mutations. */
export function installGlobals(host: RealmHost): void {
  const scope = globalThis as unknown as Record<string, unknown>;
  const levels = ["debug", "error", "info", "log", "trace", "warn"];
  scope.console = Object.fromEntries(
    levels.map((level) => [level, (...values: unknown[]) => host.log(level, values)]),
  );

  scope.queueMicrotask = (callback: () => void) => void Promise.resolve().then(callback);

  const environment = JSON.parse(host.environment) as Record<string, string>;
  const strict = new Proxy(environment, {
    get(target, name) {
      if (typeof name === "symbol" || name in target) return target[name as string];
      throw new Error(`AuthConfigMissingEnvironmentVariable:${name}`);
    },
  });
  scope.process = { env: host.isStrictEnvironment ? strict : environment };

  if (host.kind === "transaction") {
    for (const name of ["fetch", "setTimeout", "setInterval", "clearTimeout", "clearInterval"]) {
      scope[name] = () => {
        throw new Error(
          `Can't use ${name}() in queries and mutations. Move this code to an action; a mutation can start one with \`ctx.scheduler.runAfter(0, ...)\`.`,
        );
      };
    }
  }
}

/** The calls of `convex/server` into the engine, and the way in for the engine. */
export function installCalls(host: RealmHost): RealmEntry {
  async function runNested(frame: FrameHandle, json: string): Promise<string> {
    const call = host.beginNested(frame, json);
    let result: string;
    try {
      result = await host.within(call.frame, () => call.invoke());
    } catch (thrown) {
      throw host.failNested(call, thrown);
    }
    return host.endNested(call, result);
  }

  /** A caller's own reads and writes wait while a function that it called runs, or they would share its roll-back. */
  function asyncSyscall(operation: string, json: string): string | Promise<string> {
    const frame = host.frame();
    const isNested = operation === "1.0/runUdf";
    if (!isNested && frame.pending === null) return host.asyncSyscall(frame, operation, json);
    const work = () =>
      isNested ? runNested(frame, json) : host.asyncSyscall(frame, operation, json);
    const result = (frame.pending ?? Promise.resolve()).then(work);
    const settled: Promise<unknown> = result.then(
      () => undefined,
      () => undefined,
    );
    frame.pending = settled;
    void settled.then(() => {
      if (frame.pending === settled) frame.pending = null;
    });
    return result;
  }

  function syscall(operation: string, json: string): string {
    try {
      return host.syscall(operation, json);
    } catch (error) {
      throw new Error((error as Error).message, { cause: error });
    }
  }

  const Convex = {
    syscall,
    asyncSyscall,
    jsSyscall: (operation: string, args: object) => host.jsSyscall(operation, args),
  };
  Object.assign(globalThis, { Convex });

  async function run(
    call: () => unknown,
    done: (isSuccess: boolean, value: unknown) => void,
  ): Promise<void> {
    let value: unknown;
    try {
      value = await call();
    } catch (thrown) {
      done(false, thrown);
      return;
    }
    done(true, value);
  }

  return { run };
}
