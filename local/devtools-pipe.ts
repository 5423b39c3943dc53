import type { Readable, Writable } from "node:stream";

/** What of a browser's target is used. */
export interface TargetInfo {
  type: string;
  url: string;
}

interface Answer {
  id?: number;
  result?: unknown;
  error?: { message: string };
}

/** Chromium's debugging protocol over a pipe: unlike a port, only the process that started the browser can use it. */
export class DevtoolsPipe {
  readonly #input: Writable;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #lastId = 0;

  /** `input` and `output` are the browser's file descriptors 3 and 4. */
  constructor(input: Writable, output: Readable) {
    this.#input = input;
    // The browser may end while something is being written.
    input.on("error", () => this.#endAll());
    output.on("close", () => this.#endAll());
    let rest = "";
    output.setEncoding("utf8");
    output.on("data", (text: string) => {
      const messages = (rest + text).split("\0");
      rest = messages.pop() ?? "";
      for (const message of messages) this.#receive(JSON.parse(message) as Answer);
    });
  }

  /** Every page and worker of the browser. */
  async targets(): Promise<TargetInfo[]> {
    const { targetInfos } = (await this.#call("Target.getTargets", {})) as {
      targetInfos: TargetInfo[];
    };
    return targetInfos;
  }

  /** Opens a tab. */
  async open(url: string): Promise<void> {
    await this.#call("Target.createTarget", { url });
  }

  /** Loads an unpacked extension; needs --enable-unsafe-extension-debugging. */
  async loadExtension(path: string): Promise<void> {
    await this.#call("Extensions.loadUnpacked", { path });
  }

  #call(method: string, params: object): Promise<unknown> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ result, error }) => {
        if (error) reject(new Error(`${method}: ${error.message}`));
        else resolve(result);
      });
      this.#input.write(`${JSON.stringify({ id, method, params })}\0`);
    });
  }

  #receive(answer: Answer): void {
    if (answer.id === undefined) return;
    this.#waiting.get(answer.id)?.(answer);
    this.#waiting.delete(answer.id);
  }

  #endAll(): void {
    for (const id of this.#waiting.keys()) {
      this.#receive({ id, error: { message: "the browser has ended" } });
    }
  }
}
