/**
 * What is hidden from public pages, again at every look: texts that were captured before a rule existed, or by a client without
 * rules, must not become public with a secret in them. Every rule is linear in the length of the text.
 */

type Rule = { kind: string; pattern: RegExp };

const START = String.raw`(?<![A-Za-z0-9])`;

function token(kind: string, source: string): Rule {
  return { kind, pattern: new RegExp(START + source, "g") };
}

const rules: Rule[] = [
  {
    kind: "private key",
    pattern:
      /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:[A-Za-z0-9+/=\s\\,:._()@<>]|-(?!----)){0,16384}(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)?/g,
  },
  token("OpenSync key", "osk_[A-Za-z0-9_-]{16,}"),
  token("API key", "sk-[A-Za-z0-9_-]{20,}"),
  token("API key", "(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,}"),
  token("API key", "AIza[A-Za-z0-9_-]{35}"),
  token("API key", "(?:hf|npm|gsk|glpat|dop_v1|shpat)[_-][A-Za-z0-9_-]{20,}"),
  token("GitHub token", "(?:gh[opsru]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})"),
  token("AWS key", "(?:AKIA|ASIA)[A-Z0-9]{16}"),
  token("Slack token", "xox[abeoprs]-[A-Za-z0-9-]{10,}"),
  token("token", String.raw`eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}`),
  { kind: "webhook", pattern: /(?<=hooks\.slack\.com\/services\/)[A-Za-z0-9/]{20,}/g },
  {
    kind: "AWS secret",
    pattern: /(?<=secret_?access_?key[\\"'\s]{0,8}[:=][\\"'\s]{0,8})[A-Za-z0-9/+=]{40}/gi,
  },
  {
    kind: "token",
    pattern:
      /(?<=authorization[\\"'\s]{0,8}[:=,][\\"'\s]{0,8}(?:bearer|basic)\s{1,8})[A-Za-z0-9._~+/=-]{8,}/gi,
  },
  {
    kind: "password",
    pattern: /(?<=[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/@"']{0,64}:)[^\s/@"']{1,128}(?=@)/gi,
  },
  {
    kind: "password",
    pattern:
      /(?<=(?:password|passwd|client_secret|api_key|apikey)[\\"']{0,4}\s{0,4}[:=]\s{0,4}[\\"']{1,4})[^\s"'\\]{6,256}/gi,
  },
];

/** Home folders carry their owner's name. */
const HOME = /(?:\/home|\/Users|[A-Za-z]:\\{1,2}Users)[/\\]{1,2}[^/\\\s"'`:<>|]{1,64}/g;

/** The text with secrets and names of home folders hidden. */
export function hideSecrets(text: string): string {
  const hidden = rules.reduce(
    (rest, { kind, pattern }) => rest.replace(pattern, `[hidden: ${kind}]`),
    text,
  );
  return hidden.replace(HOME, "~");
}
