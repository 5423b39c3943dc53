/** A TCP relay before a server: counts what crosses it, and can play dead. */
import { createServer, connect, type Server, type Socket } from "node:net";
import { once } from "node:events";

export interface Wire {
  /** Where clients connect, for example http://127.0.0.1:40001. */
  url: string;
  /** Bytes that clients have sent so far. */
  bytesSent(): number;
  /** Keeps what clients send from now on; answers what it was so far, as text. What goes through WebSockets is scrambled by the protocol. */
  keepSent(): () => string;
  /** Connections that clients have opened so far. */
  connections(): number;
  /** Refuses and drops every connection, as a stopped server does. */
  goDown(): Promise<void>;
  /** Accepts connections again, on the same port. */
  comeBack(): Promise<void>;
  close(): Promise<void>;
}

/** Relays a free loopback port to `target`. */
export async function openWire(target: string): Promise<Wire> {
  const { hostname, port } = new URL(target);
  const open = new Set<Socket>();
  const seen = { bytes: 0, connections: 0 };
  const kept: Buffer[][] = [];

  function relay(client: Socket): void {
    seen.connections += 1;
    const server = connect(Number(port), hostname);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      open.add(from);
      from.on("data", (data) => {
        if (from === client) {
          seen.bytes += data.length;
          for (const chunks of kept) chunks.push(data);
        }
        to.write(data);
      });
      from.on("end", () => to.end());
      // A reset on one side ends the other; who reset what is the endpoints' business.
      from.on("error", () => to.destroy());
      from.on("close", () => {
        open.delete(from);
        to.destroy();
      });
    }
  }

  let server: Server | null = null;
  let listeningPort = 0;
  async function listen(): Promise<void> {
    server = createServer(relay).listen(listeningPort, "127.0.0.1");
    await once(server, "listening");
    listeningPort = (server.address() as { port: number }).port;
  }
  async function goDown(): Promise<void> {
    const closing = server;
    server = null;
    for (const socket of open) socket.destroy();
    if (closing) await new Promise((resolve) => closing.close(resolve));
  }

  await listen();
  return {
    url: `http://127.0.0.1:${listeningPort}`,
    bytesSent: () => seen.bytes,
    keepSent() {
      const chunks: Buffer[] = [];
      kept.push(chunks);
      return () => Buffer.concat(chunks).toString("utf8");
    },
    connections: () => seen.connections,
    goDown,
    comeBack: listen,
    close: goDown,
  };
}
