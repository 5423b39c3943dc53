import type { Server } from "node:net";
import type { AddressInfo } from "node:net";

/** Where to listen. */
export interface ListenChoice {
  /** What is listening, for messages: "The AuthKit emulator". */
  what: string;
  /** The port that the person asked for; in use is an error. */
  port?: number | undefined;
  /** The port of last time: taken when it is free, else any free one. */
  preferred?: number | undefined;
}

/** Listens on 127.0.0.1 only and answers the port. */
export async function listenOnLoopback(server: Server, choice: ListenChoice): Promise<number> {
  if (choice.port) return listen(server, choice.port, choice.what);
  if (choice.preferred) {
    try {
      return await listen(server, choice.preferred, choice.what);
    } catch {
      // Last time's port is taken by another program: any free one will do.
    }
  }
  return listen(server, 0, choice.what);
}

function listen(server: Server, port: number, what: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => {
      server.off("listening", succeed);
      reject(error.code === "EADDRINUSE" ? inUse(what, port, error) : error);
    };
    const succeed = () => {
      server.off("error", fail);
      resolve((server.address() as AddressInfo).port);
    };
    server.once("error", fail).once("listening", succeed);
    server.listen(port, "127.0.0.1");
  });
}

function inUse(what: string, port: number, cause: Error): Error {
  return new Error(
    `${what} could not start: port ${port} is in use by another program. Nothing was changed. ` +
      "End that program, or give another port.",
    { cause },
  );
}
