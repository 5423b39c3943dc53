/** secretlint's recommended rules, as spans. They are called without its engine, which keeps a profile of every text it has seen. */
import { rules as preset } from "@secretlint/secretlint-rule-preset-recommend";
import type { SecretLintRuleContext, SecretLintSourceCode } from "@secretlint/types";
import type { Span } from "./redact-rule";

/** A place that a rule of the preset found. */
export interface PresetSpan extends Span {
  /** The rule's short name. */
  kind: string;
}

const PREFIX = "@secretlint/secretlint-rule-";

/** Left out: comments that switch rules off are text like any other here, and `gcp` reports whole files. */
const SKIPPED = new Set(["filter-comments", "gcp"]);

/** Lower case; a text with none of a rule's words is not shown to it. A rule that is not named here sees every text. */
const KEYWORDS: Record<string, string[]> = {
  aws: ["akia", "asia", "agpa", "aida", "aroa", "aipa", "anpa", "anva", "a3t", "aws", "secret"],
  privatekey: ["private key"],
  npm: ["npm_", "_authtoken", "x-oauth-basic"],
  basicauth: ["://"],
  slack: ["xox", "xapp", "hooks.slack.com"],
  sendgrid: ["sg."],
  shopify: ["shp"],
  stripe: ["k_live", "k_test"],
  github: ["gh", "github_pat"],
  gitlab: ["glpat-"],
  grafana: ["glc_", "glsa_"],
  openai: ["sk-"],
  anthropic: ["sk-ant-"],
  groq: ["gsk_"],
  huggingface: ["hf_"],
  linear: ["lin_api_"],
  notion: ["ntn_"],
  "1password": ["ops_ey"],
  "database-connection-string": ["mongodb", "mysql", "postgres"],
  "hashicorp-vault": ["hvs.", "hvb.", "hvr."],
  vercel: ["vcp_", "vci_", "vca_", "vcr_", "vck_"],
  databricks: ["dapi"],
  docker: ["dckr_pat_"],
  figma: ["figd_"],
  cloudflare: ["cfk_", "cfut_", "cfat_"],
  tailscale: ["tskey-"],
};

const rules = preset
  .map((rule) => ({ rule, kind: rule.meta.id.slice(PREFIX.length) }))
  .filter(({ kind }) => !SKIPPED.has(kind));

function sourceOf(content: string): SecretLintSourceCode {
  const none = (): never => {
    throw new Error("The text has no lines here.");
  };
  return {
    content,
    hasBOM: false,
    filePath: undefined,
    physicalFilePath: undefined,
    contentType: "text",
    ext: "",
    getFilePath: () => undefined,
    getPhysicalFilePath: () => undefined,
    locationToRange: none,
    rangeToLocation: none,
    positionToIndex: none,
    indexToPosition: none,
  };
}

/** Without the quotes around it, and only up to the next one: masked JSON stays JSON. */
function trim(text: string, start: number, end: number): Span {
  const found = text.slice(start, end);
  const lead = /^["'`\s]*/.exec(found)![0].length;
  const length = /^[^"'`\s\\]*/.exec(found.slice(lead))![0].length;
  return { start: start + lead, end: start + lead + length };
}

/** What secretlint takes for secrets. `lower` is the text in lower case. */
export async function findByPreset(text: string, lower: string): Promise<PresetSpan[]> {
  const found: PresetSpan[] = [];
  const source = sourceOf(text);
  for (const { rule, kind } of rules) {
    if (KEYWORDS[kind] && !KEYWORDS[kind].some((word) => lower.includes(word))) continue;
    const context: SecretLintRuleContext = {
      sharedOptions: {},
      createTranslator: () => (messageId, data) => ({
        message: "",
        messageId: String(messageId),
        data,
      }),
      report: ({ range: [start, end] }) => void found.push({ kind, ...trim(text, start, end) }),
      ignore: () => undefined,
    };
    await rule.create(context, {}).file?.(source);
  }
  return found;
}
