import type { Json, PushedModule } from "../types.ts";
import { calledPath, functionHandle } from "./address.ts";
import type { NestedCall, RealmHost } from "./bootstrap.ts";
import { currentFrame, type Frame, newFrame, requireFrame } from "./execution.ts";
import { checkReturn, prepareArgs, type RegisteredFunction, requireFunction } from "./functions.ts";
import { type CompiledModules, compileModules } from "./modules.ts";
import { Realm } from "./realm.ts";
import { syncSyscall, transactionSyscall, type TransactionServices } from "./syscalls.ts";
import { readThrown, toSyscallError } from "./thrown.ts";
import type { Savepoint } from "./transaction.ts";
import type { IsIdOf } from "./validate.ts";

const MAX_DEPTH = 16;

/** What the runtime needs of the engine for the calls that actions make. */
export interface RuntimeServices extends TransactionServices {
  isIdOf: IsIdOf;
  actionSyscall(frame: Frame, operation: string, json: string): Promise<string>;
  actionJsSyscall(frame: Frame, operation: string, args: object): Promise<unknown>;
  now(): number;
}

interface Nested extends NestedCall {
  frame: Frame;
  called: RegisteredFunction;
  savepoint: Savepoint | null;
}

/** Pushed code, ready to run: one context for queries and mutations, one for actions. */
export class Runtime {
  readonly compiled: CompiledModules;
  readonly environment: Record<string, string>;
  private readonly services: RuntimeServices;
  private readonly timeoutMs: number;
  private realms: { transaction: Realm | null; action: Realm | null } = {
    transaction: null,
    action: null,
  };

  constructor(
    compiled: CompiledModules,
    environment: Record<string, string>,
    services: RuntimeServices,
    timeoutMs: number,
  ) {
    this.compiled = compiled;
    this.environment = environment;
    this.services = services;
    this.timeoutMs = timeoutMs;
  }

  /** Compiles modules and makes a runtime of them. */
  static async of(
    modules: readonly PushedModule[],
    environment: Record<string, string>,
    services: RuntimeServices,
    timeoutMs: number,
  ): Promise<Runtime> {
    return new Runtime(await compileModules(modules), environment, services, timeoutMs);
  }

  /** The context for queries and mutations, or for actions. */
  realm(kind: "transaction" | "action"): Realm {
    return (this.realms[kind] ??= new Realm(this.host(kind), this.compiled, this.timeoutMs));
  }

  /** Throws the context of queries and mutations away, with whatever still runs in it. */
  discardTransactionRealm(): void {
    this.realms.transaction = null;
  }

  /** A context for auth.config.ts, where reading a variable that is not set fails. */
  strictRealm(): Realm {
    const host = { ...this.host("transaction"), isStrictEnvironment: true };
    return new Realm(host, this.compiled, this.timeoutMs);
  }

  /** Runs one function in a frame of its own and answers its checked return value. */
  async invoke(frame: Frame, called: RegisteredFunction, args: Json): Promise<Json> {
    const { isIdOf } = this.services;
    const argsJson = prepareArgs(called, args, isIdOf);
    const realm = this.realm(called.kind === "action" ? "action" : "transaction");
    const settled = await currentFrame.run(frame, () => realm.call(() => called.invoke(argsJson)));
    if (!settled.isSuccess) throw settled.value;
    return checkReturn(called, settled.value as string, isIdOf);
  }

  private host(kind: "transaction" | "action"): RealmHost {
    const { services } = this;
    return {
      kind,
      environment: JSON.stringify(this.environment),
      isStrictEnvironment: false,
      now: () => currentFrame.getStore()?.execution.time() ?? services.now(),
      random: () => currentFrame.getStore()?.execution.random() ?? Math.random(),
      log: (level, values) => currentFrame.getStore()?.execution.log(level, values),
      frame: requireFrame,
      within: (frame, work) => currentFrame.run(frame as Frame, work),
      syscall: (operation, json) => syncSyscall(requireFrame(), operation, json),
      asyncSyscall: (frame, operation, json) => this.asyncSyscall(frame as Frame, operation, json),
      jsSyscall: (operation, args) => services.actionJsSyscall(requireFrame(), operation, args),
      beginNested: (frame, json) => this.beginNested(frame as Frame, json),
      endNested: (call, result) => this.endNested(call as Nested, result),
      failNested: (call, thrown) => this.failNested(call as Nested, thrown),
    };
  }

  private asyncSyscall(frame: Frame, operation: string, json: string): string | Promise<string> {
    if (frame.execution.isOver) requireFrame();
    const shared = this.sharedSyscall(frame, operation, json);
    if (shared !== undefined) return shared;
    if (frame.execution.tx === null) return this.services.actionSyscall(frame, operation, json);
    const answer = transactionSyscall(this.services, frame, operation, json);
    if (answer === undefined) {
      throw new Error(`The embedded Convex does not host the call "${operation}".`);
    }
    return answer;
  }

  /** Calls that every kind of function may make. */
  private sharedSyscall(frame: Frame, operation: string, json: string): string | undefined {
    const { execution } = frame;
    switch (operation) {
      case "1.0/getUserIdentity":
        return JSON.stringify(execution.caller.identity);
      case "1.0/createFunctionHandle":
        return JSON.stringify(functionHandle(calledPath(JSON.parse(json))));
      case "1.0/getFunctionMetadata":
        return JSON.stringify({ name: frame.path, componentPath: "" });
      case "1.0/getDeploymentMetadata":
        return JSON.stringify({ name: "embedded", region: null, class: "s16" });
      case "1.0/getRequestMetadata":
        return JSON.stringify({
          ip: null,
          userAgent: null,
          requestId: execution.id,
          scheduledFunctionId: execution.scheduledFunctionId,
          authToken: null,
        });
      default:
        return undefined;
    }
  }

  private beginNested(parent: Frame, json: string): Nested {
    const call = JSON.parse(json) as Record<string, Json> & { udfType: string };
    const { tx } = parent.execution;
    if (tx === null) throw new Error("Only queries and mutations call functions this way.");
    if (call.udfType === "snapshotQuery" || call.transactionLimits !== undefined) {
      throw new Error(
        "The embedded Convex does not host `useStaleSnapshot` or `transactionLimits`. Leave the option out.",
      );
    }
    const kind = call.udfType === "mutation" ? "mutation" : "query";
    if (kind === "mutation" && parent.kind === "query") {
      throw new Error("Queries cannot run mutations.");
    }
    if (parent.depth >= MAX_DEPTH) {
      throw new Error(`Functions may call each other at most ${MAX_DEPTH} levels deep.`);
    }
    const called = requireFunction(this.realm("transaction"), calledPath(call), kind, true);
    const argsJson = prepareArgs(called, call.args ?? {}, this.services.isIdOf);
    return {
      called,
      frame: newFrame(parent.execution, called.path, kind, parent.depth + 1),
      savepoint: kind === "mutation" ? tx.savepoint() : null,
      invoke: () => called.invoke(argsJson),
    };
  }

  private endNested(call: Nested, result: string): string {
    try {
      checkReturn(call.called, result, this.services.isIdOf);
    } catch (error) {
      throw this.failNested(call, error);
    }
    if (call.savepoint) call.frame.execution.tx!.release(call.savepoint);
    return result;
  }

  private failNested(call: Nested, thrown: unknown): Error {
    if (call.savepoint) call.frame.execution.tx!.rollbackTo(call.savepoint);
    return toSyscallError(readThrown(thrown));
  }
}
