/** Everything a program has started, ended in the reverse order, once. */
export class Shutdown {
  readonly #closers: (() => Promise<void> | void)[] = [];
  #ending: Promise<void> | null = null;

  /** Remembers how to end what was started. */
  add(close: () => Promise<void> | void): void {
    this.#closers.push(close);
  }

  /** Ends everything; one part that fails to end does not keep the others running. */
  end(): Promise<void> {
    this.#ending ??= this.#endAll();
    return this.#ending;
  }

  async #endAll(): Promise<void> {
    for (const close of this.#closers.reverse()) {
      try {
        await close();
      } catch (error) {
        console.error(`Could not end a part of the stack: ${messageOf(error)}`);
      }
    }
  }
}

/** Runs a program until it is done, fails (one paragraph, exit code 1) or is asked to stop (Ctrl-C, SIGTERM: exit code 0). */
export async function runUntilStopped(
  program: (shutdown: Shutdown, stopped: Promise<void>) => Promise<void>,
): Promise<never> {
  const shutdown = new Shutdown();
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
      process.on(signal, () => resolve());
  });
  let code = 0;
  try {
    await Promise.race([program(shutdown, stopped), stopped]);
  } catch (error) {
    console.error(messageOf(error));
    code = 1;
  }
  await shutdown.end();
  process.exit(code);
}

/** What an error says to people. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
