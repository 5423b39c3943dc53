import { internal } from "../_generated/api";
import { type ActionCtx, httpAction } from "../_generated/server";
import { noSharePage, sharePage } from "./sharePage";

/** What a public page may do: be read. No script, no picture, no form, in nobody's frame, with this page's own style only. */
function pageHeaders(nonce: string): Record<string, string> {
  return {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": `default-src 'none'; style-src 'nonce-${nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
  };
}

/** Of the page and of the JSON: found by nobody who was not given the link, kept by no cache, and telling no other site. */
const shared = {
  "X-Robots-Tag": "noindex, nofollow, noarchive",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "Cache-Control": "no-store",
};

async function answerJson(ctx: ActionCtx, slug: string): Promise<Response> {
  const headers = { ...shared, "Access-Control-Allow-Origin": "*" };
  const session = await ctx.runQuery(internal.shares.read, { slug });
  if (session !== null) return Response.json(session, { headers });
  return Response.json({ error: "There is nothing under this link." }, { status: 404, headers });
}

async function answerPage(ctx: ActionCtx, slug: string): Promise<Response> {
  const nonce = crypto.randomUUID();
  const headers = { ...shared, ...pageHeaders(nonce) };
  const session = await ctx.runQuery(internal.shares.read, { slug });
  if (session === null) return new Response(noSharePage(nonce), { status: 404, headers });
  return new Response(sharePage(session, nonce), { headers });
}

/** `GET /s/<slug>` and `GET /s/<slug>.json`: open to everybody who has the link. */
export const shareHandler = httpAction(async (ctx, request) => {
  const name = new URL(request.url).pathname.slice("/s/".length);
  return name.endsWith(".json")
    ? await answerJson(ctx, name.slice(0, -".json".length))
    : await answerPage(ctx, name);
});
