import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

/** A web server on a free loopback port. */
export interface WebServer {
  url: string;
  close(): Promise<void>;
}

export async function startWebServer(listener: RequestListener): Promise<WebServer> {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A port that nobody listens on. Left to itself opencode takes 4096 when it can, which the extension knows without being told. */
export async function freePort(): Promise<number> {
  const { url, close } = await startWebServer((_request, response) => response.end());
  await close();
  return Number(new URL(url).port);
}
