const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Whether the emulator may send a person to this address: loopback, or https at one of the allowed hosts. */
export function isAllowedRedirect(uri: string, hosts: readonly string[]): boolean {
  if (!URL.canParse(uri)) return false;
  const { protocol, hostname, port, username, password } = new URL(uri);
  if (username !== "" || password !== "") return false;
  if (LOOPBACK.has(hostname)) return protocol === "http:" || protocol === "https:";
  return protocol === "https:" && port === "" && hosts.includes(hostname);
}

/** Whether a Host header names this machine, so that no website can reach the emulator by a name of its own. */
export function isLoopbackHost(host: string | null): boolean {
  return host !== null && LOOPBACK.has(host.replace(/:\d+$/, ""));
}
