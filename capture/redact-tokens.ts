/** Secrets that are known by their own form, from the documentation of those who give them out. */
import { byPattern, type Rule, type Span, token, WORD_START } from "./redact-rule";

const JWT = String.raw`eyJ[\w-]{10,}\.(?:eyJ[\w-]{8,}\.[\w-]*|[\w-]*\.[\w-]+\.[\w-]+\.[\w-]+)`;

/** The more particular before the more general: where two find the same place, the first names it. */
export const tokens: readonly Rule[] = [
  token("opensync-key", ["osk_"], String.raw`osk_[\w-]{16,}`),
  token("anthropic-key", ["sk-ant-"], String.raw`sk-ant-[\w-]{16,}`),
  token("openrouter-key", ["sk-or-"], String.raw`sk-or-[\w-]{20,}`),
  token("langfuse-key", ["sk-lf-"], "sk-lf-[0-9a-f-]{32,}"),
  token("openai-key", ["sk-"], String.raw`sk-(?:proj|svcacct|admin|None)-[\w-]{16,}`),
  token("openai-key", ["sk-"], "sk-[A-Za-z0-9]{32,}"),
  token("github-token", ["gh"], String.raw`gh[opsru]_[\w-]{30,}(?:\.[\w-]+){0,2}`),
  token("github-token", ["github_pat_"], String.raw`github_pat_\w{22,}`),
  token(
    "gitlab-token",
    ["gl"],
    String.raw`gl(?:pat|ptt|dt|rt|cbt|soat|ft|imt|agent|oas|ffct)-[\w-]{20,}(?:\.[\w-]+){0,3}`,
  ),
  token("npm-token", ["npm_"], "npm_[A-Za-z0-9]{36,}"),
  token("pypi-token", ["pypi-"], String.raw`pypi-[\w-]{50,}`),
  token(
    "aws-key-id",
    ["akia", "asia", "abia", "acca", "a3t"],
    "(?:AKIA|ASIA|ABIA|ACCA|A3T[A-Z0-9])[A-Z0-9]{16}(?![A-Za-z0-9])",
  ),
  token("google-key", ["aiza"], String.raw`AIza[\w-]{30,}`),
  token("google-token", ["ya29."], String.raw`ya29\.[\w.-]{20,}`),
  token("google-token", ["1//0"], String.raw`1//0[\w-]{30,}`),
  token("google-client-secret", ["gocspx-"], String.raw`GOCSPX-[\w-]{20,}`),
  token("slack-token", ["xox"], String.raw`xox[abceoprs](?:\.xox[bp])?-[A-Za-z0-9-]{10,}`),
  token("slack-token", ["xapp-"], "xapp-[A-Za-z0-9-]{10,}"),
  byPattern(
    "slack-webhook",
    ["hooks.slack.com"],
    /hooks\.slack\.com\/(?:services|workflows|triggers)\/(?<secret>[A-Za-z0-9/]{20,})/dg,
  ),
  token("workos-key", ["sk_"], String.raw`sk_(?:test|live)_a2V5X\w{10,}`),
  token("stripe-key", ["k_live_", "k_test_"], "[rs]k_(?:live|test)_[A-Za-z0-9]{16,}"),
  token("webhook-secret", ["whsec_"], "whsec_[A-Za-z0-9+/]{24,}={0,2}"),
  token("elevenlabs-key", ["sk_"], "sk_[0-9a-f]{40,}"),
  token("twilio-key", ["sk"], "SK[0-9a-f]{32}(?![A-Za-z0-9])"),
  token("sendgrid-key", ["sg."], String.raw`SG\.[\w-]{16,64}\.[\w-]{30,}`),
  token("mailgun-key", ["key-"], "key-[0-9a-f]{32}(?![A-Za-z0-9])"),
  token("mailchimp-key", ["-us"], "[0-9a-f]{32}-us[0-9]{1,2}(?![A-Za-z0-9])"),
  token("resend-key", ["re_"], "re_[A-Za-z0-9]{6,12}_[A-Za-z0-9]{16,}"),
  token("discord-token", ["."], String.raw`[MNO][\w-]{22,27}\.[\w-]{6}\.[\w-]{27,45}(?![\w-])`),
  byPattern(
    "discord-webhook",
    ["api/webhooks/"],
    /discord(?:app)?\.com\/api\/webhooks\/(?<secret>\d{10,25}\/[\w-]{40,})/dg,
  ),
  token("telegram-token", [":aa"], String.raw`\d{8,10}:AA[\w-]{30,35}(?![\w-])`),
  token("digitalocean-token", ["_v1_"], "do[opr]_v1_[0-9a-f]{40,}"),
  token("vercel-token", ["vc"], "vc[acikpr]_[A-Za-z0-9]{20,}"),
  token("vercel-token", ["vercel_blob_rw_"], String.raw`vercel_blob_rw_\w{20,}`),
  token("netlify-token", ["nfp_"], "nfp_[A-Za-z0-9]{30,}"),
  token("heroku-key", ["hrku-"], String.raw`HRKU-[\w-]{30,}`),
  token("render-key", ["rnd_"], "rnd_[A-Za-z0-9]{24,}"),
  token("fly-token", ["fm"], "fm[12][ar]?_[A-Za-z0-9+/=_,-]{40,}"),
  token("planetscale-token", ["pscale_"], String.raw`pscale_(?:tkn|pw|oauth)_[\w.-]{30,}`),
  token("notion-token", ["ntn_"], "ntn_[A-Za-z0-9]{40,}"),
  token("notion-token", ["secret_"], "secret_[A-Za-z0-9]{43}(?![A-Za-z0-9])"),
  token("linear-key", ["lin_"], "lin_(?:api|oauth|wh)_[A-Za-z0-9]{32,}"),
  token("supabase-key", ["sbp_"], "sbp_[0-9a-f]{40}"),
  token("supabase-key", ["sb_secret_"], String.raw`sb_secret_[\w-]{20,}`),
  token(
    "convex-key",
    ["|"],
    String.raw`(?:(?:prod|dev|preview|project):[a-z0-9:-]{3,80}|convex-self-hosted|[a-z]{2,20}-[a-z]{2,20}-\d{1,5})\|[A-Za-z0-9+/=_-]{20,}`,
  ),
  byPattern(
    "azure-key",
    ["accountkey=", "sharedaccesskey="],
    /(?:account|sharedaccess)key=(?<secret>[A-Za-z0-9+/]{32,}={0,2})/dgi,
  ),
  token("azure-secret", ["q~"], String.raw`[\w~.-]{3}\dQ~[\w~.-]{31,34}`),
  token("huggingface-token", ["hf_", "api_org_"], "(?:hf|api_org)_[A-Za-z0-9]{30,}"),
  token("groq-key", ["gsk_"], "gsk_[A-Za-z0-9]{32,}"),
  token("perplexity-key", ["pplx-"], "pplx-[A-Za-z0-9]{32,}"),
  token("replicate-token", ["r8_"], "r8_[A-Za-z0-9]{30,}"),
  token("xai-key", ["xai-"], "xai-[A-Za-z0-9]{40,}"),
  token("fireworks-key", ["fw_"], "fw_[A-Za-z0-9]{22,}"),
  token("pinecone-key", ["pcsk_"], String.raw`pcsk_\w{40,}`),
  token("tavily-key", ["tvly-"], String.raw`tvly-[\w-]{24,}`),
  token("langsmith-key", ["lsv2_"], "lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{8,}"),
  token("posthog-key", ["ph"], "ph[sx]_[A-Za-z0-9]{30,}"),
  token("sentry-token", ["sntry"], String.raw`sntry[su]_[\w+/=.-]{30,}`),
  token("newrelic-key", ["nrak-"], "NRAK-[A-Z0-9]{20,}"),
  token("postman-key", ["pmak-"], "PMAK-[0-9a-f]{24}-[0-9a-f]{34}"),
  token("airtable-token", ["pat"], String.raw`pat[A-Za-z0-9]{14}\.[0-9a-f]{64}`),
  token("doppler-token", ["dp."], String.raw`dp\.(?:pt|st|ct|sa|scim|audit)\.[\w.-]{30,}`),
  token("pulumi-token", ["pul-"], "pul-[0-9a-f]{40}"),
  token("terraform-token", [".atlasv1."], String.raw`[A-Za-z0-9]{14}\.atlasv1\.[\w-]{60,}`),
  token("atlassian-token", ["at"], "AT(?:ATT|CTT|BB)3?[A-Za-z0-9_=+/-]{60,}"),
  token("shopify-token", ["shp"], "shp(?:at|ca|pa|ss|tka)_[0-9a-fA-F]{32,}"),
  token("databricks-token", ["dapi"], "dapi[0-9a-f]{32}(?:-[0-9])?"),
  token("docker-token", ["dckr_"], String.raw`dckr_[op]at_[\w-]{24,}`),
  token("figma-token", ["fig"], String.raw`fig[dou]r?_[\w-]{36,}`),
  token("grafana-token", ["gls", "glc_"], String.raw`gl(?:sa_\w{32,}|c_[\w+/=]{32,})`),
  token("vault-token", ["hvs."], String.raw`hvs\.[\w-]{24,}`),
  token("cloudflare-token", ["cf"], "cf(?:k|ut|at)_[A-Za-z0-9]{40,}"),
  token("tailscale-key", ["tskey-"], String.raw`tskey-[a-z]{2,20}-[\w-]{16,}`),
  token("square-token", ["sq0"], String.raw`sq0(?:csp|atp)-[\w-]{20,}`),
  token("age-key", ["age-secret-key-1"], "AGE-SECRET-KEY-1[0-9A-Z]{50,}"),
  byPattern("jwt", ["eyj"], new RegExp(WORD_START + JWT, "dg")),
];

/** How a token that is being written begins: enough of it to know, however little has come yet. */
const BEGINNING =
  /(?<![A-Za-z0-9])(?:osk_|sk-(?:ant|or|lf|proj|svcacct|admin)-|[rs]k_(?:live|test)_|whsec_|gh[opsru]_|github_pat_|gl(?:pat|ptt|dt|rt|cbt|soat)-|npm_|pypi-|A[KS]IA[A-Z0-9]{4}|AIza|ya29\.|1\/\/0|GOCSPX-|xox[abceoprs][-.]|xapp-|SG\.|\d{8,10}:AA|do[opr]_v1_|vc[acikpr]_|vercel_blob_rw_|nfp_|HRKU-|rnd_|fm[12][ar]?_|pscale_|ntn_|secret_[A-Za-z0-9]{8}|lin_(?:api|oauth|wh)_|sbp_|sb_secret_|hf_|gsk_|pplx-|r8_|xai-|pcsk_|tvly-|lsv2_|ph[sx]_|sntry[su]_|NRAK-|PMAK-|pul-|dp\.[ps]t\.|ATATT|sq0|AGE-SECRET-KEY-1|cf(?:k|ut|at)_|gl(?:c|sa)_|hv[sbr]\.|dapi|dckr_|figd_|shp(?:at|ca|pa|ss)_|tskey-|ops_ey|sk-[A-Za-z0-9]{12}|SK[0-9a-f]{12}|key-[0-9a-f]{12}|re_[A-Za-z0-9]{6,12}_|pat[A-Za-z0-9]{14}\.|[MNO][\w-]{22,27}\.[\w-]|(?:prod|dev|preview):[a-z0-9:-]{3,80}\||convex-self-hosted\||[\w~.-]{3}\dQ~|(?<!base64,)eyJ)(?=.{6})/;

/** A password in an address whose `@` has not come yet, and no port. */
const USERINFO_BEGINNING =
  /:\/\/[^\s/:@"'`<>\\[]{0,128}:(?!\d{1,5}$)(?<secret>[^\s/@"'`<>\\]{4,256})$/d;

const OUTSIDE = /[^A-Za-z0-9_.=+/|:~-]/;

/** How much of a text's end is looked at: no token but a signed one is longer. */
const TAIL = 4096;

/** The kind of a token whose end is missing. */
export const UNFINISHED = "unfinished-secret";

/** A token whose end is missing because the text ends first: one that is still being streamed, or was cut. */
export function findUnfinished(text: string): Span | null {
  const [lead, tail] = [Math.max(0, text.length - 512), text.slice(-512)];
  const place = USERINFO_BEGINNING.exec(tail)?.indices?.groups?.secret;
  if (place) return { start: lead + place[0], end: text.length };
  const from = Math.max(0, text.length - TAIL);
  let start = text.length;
  while (start > from && !OUTSIDE.test(text[start - 1]!)) start -= 1;
  // With what stands before it, which may say that it is none.
  const before = Math.max(0, start - 8);
  const found = BEGINNING.exec(text.slice(before));
  if (!found || before + found.index < start) return null;
  return { start: before + found.index, end: text.length };
}
