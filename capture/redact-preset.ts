/** secretlint's recommended rules, as spans. They are called without its engine, which keeps a profile of every text it has seen. */
import { rules as preset } from "@secretlint/secretlint-rule-preset-recommend";
import type { SecretLintRuleContext, SecretLintSourceCode } from "@secretlint/types";
import type { Span } from "./redact-rule";

/** A place that a rule of the preset found. */
export interface PresetSpan extends Span {
  /** The rule's short name. */
  kind: string;
  /** All that the rule matched, with what names the secret. */
  whole: Span;
}

const PREFIX = "@secretlint/secretlint-rule-";

/**
 * Left out: comments that switch rules off are text like any other here; `gcp` reports whole files; the rules for addresses take the whole
 * address, where the rules of this project take its password.
 */
const SKIPPED = new Set(["filter-comments", "gcp", "basicauth", "database-connection-string"]);

/** Lower case; a text with none of a rule's words is not shown to it. A rule that is not named here sees every text. */
const KEYWORDS: Record<string, string[]> = {
  aws: ["akia", "asia", "agpa", "aida", "aroa", "aipa", "anpa", "anva", "a3t", "aws", "secret"],
  privatekey: ["private key"],
  npm: ["npm_", "_authtoken", "x-oauth-basic"],
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
  "hashicorp-vault": ["hvs.", "hvb.", "hvr."],
  vercel: ["vcp_", "vci_", "vca_", "vcr_", "vck_"],
  databricks: ["dapi"],
  docker: ["dckr_pat_"],
  figma: ["figd_"],
  cloudflare: ["cfk_", "cfut_", "cfat_"],
  tailscale: ["tskey-"],
};

/** A rule of the preset that is used here. */
export interface PresetRule {
  kind: string;
  /** As in a rule of this project. */
  keywords: readonly string[];
  rule: (typeof preset)[number];
}

/** The rules of the preset that are used here. */
export const presetRules: readonly PresetRule[] = preset
  .map((rule) => {
    const kind = rule.meta.id.slice(PREFIX.length);
    return { rule, kind, keywords: KEYWORDS[kind] ?? [""] };
  })
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

/** The longest stretch without space, quotes and escapes: the secret without its name, and masked JSON stays JSON. */
function longestWord(text: string, whole: Span): Span {
  let longest = { start: whole.start, end: whole.start };
  for (const { index, 0: word } of text.slice(whole.start, whole.end).matchAll(/[^"'`\s\\]+/g)) {
    if (word.length <= longest.end - longest.start) continue;
    longest = { start: whole.start + index, end: whole.start + index + word.length };
  }
  return longest;
}

/** What these rules take for secrets. */
export async function findByPreset(
  text: string,
  rules: readonly PresetRule[],
): Promise<PresetSpan[]> {
  const found: PresetSpan[] = [];
  const source = sourceOf(text);
  for (const { rule, kind } of rules) {
    const context: SecretLintRuleContext = {
      sharedOptions: {},
      createTranslator: () => (messageId, data) => ({
        message: "",
        messageId: String(messageId),
        data,
      }),
      report: ({ range: [start, end] }) => {
        const whole = { start, end };
        found.push({ kind, whole, ...longestWord(text, whole) });
      },
      ignore: () => undefined,
    };
    await rule.create(context, {}).file?.(source);
  }
  return found;
}
