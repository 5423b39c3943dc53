import { isLoopback } from "../agents/origins";

/** The URL of a Convex deployment as it may be saved, or what is wrong with it. */
export function readConvexUrl(typed: string): { url: string } | { error: string } {
  const text = typed.trim();
  if (text === "") {
    return {
      error: "Type the deployment's URL, for example https://happy-animal-123.convex.cloud.",
    };
  }
  if (!/^https?:\/\//i.test(text)) return { error: "Start the URL with https://." };
  if (!URL.canParse(text)) return { error: "This is not a URL. Check it for typing errors." };
  const url = new URL(text);
  if (url.protocol === "http:" && !isLoopback(url.hostname)) {
    return { error: "Use https://: over http:// others on the network could read your sessions." };
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    return { error: `Leave out user names, keys and whatever follows the host: ${url.origin}` };
  }
  if (url.hostname.endsWith(".convex.site")) {
    const cloud = url.origin.replace(/\.convex\.site$/, ".convex.cloud");
    return { error: `This is the address for HTTP actions. The deployment's own is ${cloud}` };
  }
  return { url: (url.origin + url.pathname).replace(/\/+$/, "") };
}

/** A WorkOS client id as it may be saved, or what is wrong with it. */
export function readClientId(typed: string): { clientId: string } | { error: string } {
  const clientId = typed.trim();
  if (clientId === "") return { error: "Copy the client id from the WorkOS dashboard." };
  if (clientId.startsWith("sk_")) {
    return {
      error: "This is a secret API key. Do not put it here; the client id starts with client_.",
    };
  }
  if (!/^client_[A-Za-z0-9_-]+$/.test(clientId)) {
    return { error: "A client id starts with client_ and holds letters and digits only." };
  }
  return { clientId };
}
