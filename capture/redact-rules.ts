/** What counts as a secret in text. Every rule is linear in the length of the text, and looks only where its keyword occurs. */

/** Where a secret lies in a text. */
export interface Found {
  start: number;
  end: number;
}

/** One kind of secret. */
export interface Rule {
  /** Stands in the mask: `[redacted:<kind>:<digest>]`. */
  kind: string;
  /** Lower case; a text without it has no such secret. */
  keyword: string;
  find(text: string): Found[];
}

/** A rule by pattern: its group named `secret` is masked, else the whole match. The pattern has the flags `g` and `d`. */
function byPattern(kind: string, keyword: string, pattern: RegExp): Rule {
  return {
    kind,
    keyword,
    find: (text) =>
      [...text.matchAll(pattern)].map((match) => {
        const [start, end] = match.indices?.groups?.secret ?? match.indices![0]!;
        return { start, end };
      }),
  };
}

const BEGIN_KEY = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;
const END_KEY = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/;
/** What may stand inside a key block, as it is or escaped in JSON; a quote ends it, so that masked JSON stays JSON. */
const KEY_BODY = /[A-Za-z0-9+/=\s\\,:._()@<>-]{0,16384}/y;
/** A block whose end is missing: lines of base64. */
const KEY_LINES = /(?:(?:\s|\\[nr])+[A-Za-z0-9+/=]{16,})*/y;

function matchAt(pattern: RegExp, text: string, index: number): string {
  pattern.lastIndex = index;
  return pattern.exec(text)?.[0] ?? "";
}

function findPrivateKeys(text: string): Found[] {
  const begins = [...text.matchAll(BEGIN_KEY)];
  return begins.map(({ index, 0: begin }, at) => {
    const bodyStart = index + begin.length;
    // Up to the next block, so that no stretch of text is looked at twice.
    const rest = text.slice(0, begins[at + 1]?.index);
    const body = matchAt(KEY_BODY, rest, bodyStart);
    const ending = END_KEY.exec(body);
    const length = ending
      ? ending.index + ending[0].length
      : matchAt(KEY_LINES, rest, bodyStart).length;
    return { start: index, end: bodyStart + length };
  });
}

/** Before a secret: no letter or digit, unless it belongs to an escape of JSON (`\n`). */
const START = String.raw`(?<=^|[^A-Za-z0-9]|\\[nrtbf]|\\u[0-9a-fA-F]{4})`;

function token(kind: string, keyword: string, source: string): Rule {
  return byPattern(kind, keyword, new RegExp(START + source, "dg"));
}

const AWS_SECRET =
  /secret_?access_?key[\\"'\s]{0,8}[:=][\\"'\s]{0,8}(?<secret>[A-Za-z0-9/+=]{40})(?![A-Za-z0-9/+=])/dgi;
const SLACK_WEBHOOK = /hooks\.slack\.com\/services\/(?<secret>[A-Za-z0-9/]{20,})/dg;
const BEARER =
  /authorization[\\"'\s]{0,8}[:=,][\\"'\s]{0,8}bearer\s{1,8}(?<secret>[A-Za-z0-9._~+/-]{16,}={0,2})/dgi;

/** The rules, the more particular before the more general. */
export const rules: readonly Rule[] = [
  { kind: "private-key", keyword: "private key", find: findPrivateKeys },
  token("opensync-key", "osk_", "osk_[A-Za-z0-9_-]{16,}"),
  token("anthropic-key", "sk-ant-", "sk-ant-[A-Za-z0-9_-]{20,}"),
  token("openai-key", "sk-", "sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{20,}"),
  token("openai-key", "sk-", "sk-[A-Za-z0-9]{32,}"),
  token("github-token", "gh", "gh[opsru]_[A-Za-z0-9]{36,}"),
  token("github-token", "github_pat_", "github_pat_[A-Za-z0-9_]{22,}"),
  token("aws-key-id", "akia", "AKIA[A-Z0-9]{16}(?![A-Za-z0-9])"),
  token("aws-key-id", "asia", "ASIA[A-Z0-9]{16}(?![A-Za-z0-9])"),
  byPattern("aws-secret-key", "key", AWS_SECRET),
  token("slack-token", "xox", "xox[abeoprs]-[A-Za-z0-9-]{10,}"),
  token("slack-token", "xapp-", "xapp-[A-Za-z0-9-]{10,}"),
  byPattern("slack-webhook", "hooks.slack.com", SLACK_WEBHOOK),
  byPattern("bearer-token", "bearer", BEARER),
];
