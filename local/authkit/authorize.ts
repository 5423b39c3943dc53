import type { UserRow } from "./emulator.ts";
import { loginPage, refusalPage } from "./pages.ts";
import { isAllowedRedirect } from "./redirects.ts";
import type { Shim } from "./shim.ts";

/**
 * Answers `/user_management/authorize`: checks the client and the redirect URI, shows the login page, and sends the
 * person back with a code. The code itself is the vendor's emulator's, asked for with a loopback redirect, because it
 * accepts no other.
 */
export async function authorize(shim: Shim, request: Request): Promise<Response> {
  const url = new URL(request.url);
  const refusal = refuse(shim, url.searchParams);
  if (refusal) return refusal;
  if (request.method === "POST") return signIn(shim, url, await request.formData());
  const hint = url.searchParams.get("login_hint");
  if (!shim.isInteractive) {
    const user = hint ? shim.emulator.store.users.findOneBy("email", hint) : firstUser(shim);
    return user ? sendBack(shim, url, user) : goTo(answer(url, { error: "user_not_found" }));
  }
  return showLogin(shim, url, hint ?? "", null);
}

function refuse(shim: Shim, query: URLSearchParams): Response | null {
  const clientId = query.get("client_id") ?? "";
  if (clientId !== shim.clientId) {
    const sentence =
      "WorkOS does not know the client id that the application sent. Set the client id of this environment in the " +
      "application's options, and as WORKOS_CLIENT_ID on Convex. It sent:";
    return refusalPage("Invalid client ID", sentence, clientId);
  }
  const redirectUri = query.get("redirect_uri") ?? "";
  if (!isAllowedRedirect(redirectUri, shim.redirectHosts)) {
    const sentence =
      "The application asked to be sent back to an address that is not registered. Add exactly this one to the " +
      "redirect URIs:";
    return refusalPage("Invalid redirect URI", sentence, redirectUri);
  }
  return null;
}

async function signIn(shim: Shim, url: URL, form: FormData): Promise<Response> {
  const chosen = form.get("person");
  const email = String(chosen ?? form.get("email") ?? "").trim();
  const user = shim.emulator.store.users.findOneBy("email", email);
  const isSeeded = shim.people.some((person) => person.email === email);
  if (user && chosen !== null && isSeeded) return sendBack(shim, url, user);
  const password = String(form.get("password") ?? "");
  if (user?.password_hash && user.password_hash === shim.emulator.hashPassword(password)) {
    return sendBack(shim, url, user);
  }
  return showLogin(shim, url, email, "That e-mail address and password do not belong together.");
}

function showLogin(shim: Shim, url: URL, email: string, problem: string | null): Response {
  const action = `${url.pathname}${url.search}`;
  const cancel = answer(url, {
    error: "access_denied",
    error_description: "The person cancelled the sign-in.",
  });
  return loginPage({ people: shim.people, action, cancel: cancel.href, email, problem });
}

async function sendBack(shim: Shim, url: URL, user: UserRow): Promise<Response> {
  const inner = new URL(url);
  inner.searchParams.set("redirect_uri", `${shim.url}/back`);
  inner.searchParams.set("login_hint", user.email);
  const response = await shim.emulator.fetch(new Request(inner));
  const location = response.headers.get("location");
  if (!location) return response;
  const returned = new URL(location).searchParams;
  return goTo(answer(url, Object.fromEntries(returned)));
}

function answer(url: URL, fields: Record<string, string>): URL {
  const target = new URL(url.searchParams.get("redirect_uri") ?? "");
  const state = url.searchParams.get("state");
  for (const [name, value] of Object.entries(fields)) target.searchParams.set(name, value);
  if (state !== null) target.searchParams.set("state", state);
  return target;
}

// 303 so that the browser follows the form's POST with a GET.
function goTo(target: URL): Response {
  return new Response(null, {
    status: 303,
    headers: { location: target.href, "cache-control": "no-store" },
  });
}

function firstUser(shim: Shim): UserRow | undefined {
  return shim.emulator.store.users.all()[0];
}
