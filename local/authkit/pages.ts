import type { Person } from "./people.ts";

/** What the login page shows. */
export interface LoginPage {
  people: readonly Pick<Person, "email" | "firstName" | "lastName">[];
  /** Where the form goes: the authorize address with its own query. */
  action: string;
  /** Where "Cancel" leads: back to the application with error=access_denied. */
  cancel: string;
  /** The address to begin with, from login_hint or the last attempt. */
  email: string;
  /** What was wrong with the last attempt, or null. */
  problem: string | null;
}

/** The page where a person signs in, with one button for each seeded person. */
export function loginPage(page: LoginPage): Response {
  const buttons = page.people.map(
    ({ email, firstName, lastName }) =>
      `<button class="person" name="person" value="${escape(email)}"><span class="face" aria-hidden="true">` +
      `${escape(firstName.charAt(0) + lastName.charAt(0))}</span><span><b>${escape(`${firstName} ${lastName}`)}</b>` +
      `<small>${escape(email)}</small></span></button>`,
  );
  const problem = page.problem
    ? `<p class="problem" role="alert" id="problem">${escape(page.problem)}</p>`
    : "";
  const described = page.problem ? ` aria-describedby="problem" aria-invalid="true"` : "";
  return html(
    page.problem ? 401 : 200,
    "Sign in",
    `<h1>Sign in</h1>
<p class="note">This is the sign-in page of your own machine: no account and no network are needed.</p>
<form method="post" action="${escape(page.action)}" aria-label="Sign in as">${buttons.join("\n")}</form>
<div class="or" role="separator">or</div>
<form method="post" action="${escape(page.action)}" aria-label="Another person">
${problem}
<label for="email">E-mail</label>
<input id="email" name="email" type="email" autocomplete="username" required value="${escape(page.email)}"${described}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required${described}>
<button class="primary">Continue</button>
</form>
<p class="foot"><a href="${escape(page.cancel)}">Cancel</a></p>`,
  );
}

/** The page that says why a sign-in cannot go on; `exact` is shown to the letter, so that it can be copied. */
export function refusalPage(title: string, sentence: string, exact: string): Response {
  return html(
    400,
    title,
    `<h1>${escape(title)}</h1><p>${escape(sentence)}</p><pre tabindex="0">${escape(exact)}</pre>
<p class="note">You can close this window. Nothing was stored.</p>`,
  );
}

const STYLE = `:root{color-scheme:light dark;--ink:#1c1b22;--soft:#5b5966;--line:#d9d7e0;--paper:#fff;--ground:#f4f3f7;--brand:#6d28d9;--on:#fff;--bad:#b91c1c}
@media (prefers-color-scheme:dark){:root{--ink:#f3f2f7;--soft:#a9a6b5;--line:#3b3946;--paper:#1f1d27;--ground:#15141b;--brand:#a78bfa;--on:#1c1b22;--bad:#fca5a5}}
*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;padding:24px;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{width:100%;max-width:400px;background:var(--paper);border:1px solid var(--line);border-radius:16px;padding:28px}
h1{margin:0 0 4px;font-size:24px;line-height:1.25}.note,.foot,small{color:var(--soft);font-size:14px}p{margin:0 0 16px}small{display:block}
form{display:grid;gap:10px}label{font-size:14px;font-weight:600;margin-bottom:-6px}
button,input{font:inherit;color:inherit;border-radius:10px;border:1px solid var(--line);padding:10px 12px;background:transparent;width:100%}
button{cursor:pointer}button:hover{border-color:var(--brand)}:focus-visible{outline:2px solid var(--brand);outline-offset:2px}
.person{display:flex;gap:12px;align-items:center;text-align:left}.person b{font-weight:600}
.face{flex:none;display:grid;place-items:center;width:40px;height:40px;border-radius:50%;background:var(--brand);color:var(--on);font-size:14px;font-weight:600}
.primary{background:var(--brand);border-color:var(--brand);color:var(--on);font-weight:600;margin-top:6px}
.or{display:flex;align-items:center;gap:12px;color:var(--soft);font-size:14px;margin:18px 0}.or::before,.or::after{content:"";flex:1;border-top:1px solid var(--line)}
.problem{color:var(--bad);margin:0}.foot{margin:18px 0 0;text-align:center}a{color:inherit}
pre{white-space:pre-wrap;overflow-wrap:anywhere;border:1px solid var(--line);border-radius:10px;padding:12px;margin:0 0 16px;user-select:all}`;

function html(status: number, title: string, body: string): Response {
  const document =
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escape(title)} · AuthKit (local)</title>` +
    `<meta name="viewport" content="width=device-width,initial-scale=1"><style>${STYLE}</style></head>` +
    `<body><main>${body}</main></body></html>`;
  return new Response(document, {
    status,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy":
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
    },
  });
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
