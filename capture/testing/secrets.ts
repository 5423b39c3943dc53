/**
 * Secrets of every form that is masked, none of them real. Each is put together when it is asked for, so that no scanner of this repository
 * takes one for a leak.
 */

/** One form of a secret, as it stands in a text. */
export interface PlantedSecret {
  name: string;
  /** What stands right before it: the name of a setting, a header. */
  before: string;
  secret: string;
  after: string;
}

const DIGITS = "0123456789";
const HEX = "0123456789abcdef";
const UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const ALNUM = `${UPPER}${UPPER.toLowerCase()}${DIGITS}`;
const BASE64 = `${ALNUM}+/`;

/** The same characters for the same seed: a linear congruential generator. */
function maker(seed: number) {
  let state = seed;
  return (length: number, alphabet = ALNUM): string => {
    let text = "";
    while (text.length < length) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      text += alphabet[(state >>> 8) % alphabet.length]!;
    }
    return text;
  };
}

type Make = ReturnType<typeof maker>;

/** Mixed letters and digits, whatever the seed. */
const word = (make: Make, length: number): string => `k7${make(length - 2)}`;

function pem(make: Make, what: string): string {
  const lines = [64, 64, 64, 40].map((length) => make(length, BASE64));
  const dashes = "-".repeat(5);
  return [`${dashes}BEGIN ${what}${dashes}`, ...lines, `${dashes}END ${what}${dashes}`].join("\n");
}

const base64url = (value: object): string =>
  btoa(JSON.stringify(value)).replaceAll("=", "").replaceAll("+", "-").replaceAll("/", "_");

function jwt(make: Make): string {
  const body = { sub: make(10), iat: 1700000000, name: "Somebody" };
  return [base64url({ alg: "HS256", typ: "JWT" }), base64url(body), make(43)].join(".");
}

/** Name, prefix, and what follows it. */
const TOKENS: [name: string, prefix: string, rest: (make: Make) => string][] = [
  ["OpenSync key", "osk" + "_", (make) => make(40)],
  ["Anthropic key", "sk-" + "ant-api03-", (make) => `${make(93)}AA`],
  ["OpenAI project key", "sk-" + "proj-", (make) => make(120)],
  ["OpenAI service account key", "sk-" + "svcacct-", (make) => make(60)],
  ["OpenAI legacy key", "sk-", (make) => make(48)],
  ["OpenRouter key", "sk-" + "or-v1-", (make) => make(64, HEX)],
  ["DeepSeek key", "sk-", (make) => make(32, HEX)],
  ["GitHub token", "gh" + "p_", (make) => make(36)],
  ["GitHub app token", "gh" + "s_", (make) => make(36)],
  ["GitHub fine-grained token", "github" + "_pat_", (make) => `${make(22)}_${make(59)}`],
  ["GitLab token", "gl" + "pat-", (make) => make(20)],
  ["npm token", "npm" + "_", (make) => make(36)],
  ["PyPI token", "pypi" + "-", (make) => `AgEIcHlwaS5vcmc${make(120)}`],
  ["AWS key id", "AK" + "IA", (make) => make(16, UPPER + DIGITS)],
  ["AWS temporary key id", "AS" + "IA", (make) => make(16, UPPER + DIGITS)],
  ["Google API key", "AI" + "za", (make) => make(35)],
  ["Google access token", "ya" + "29.", (make) => make(120)],
  ["Google refresh token", "1/" + "/0", (make) => make(40)],
  ["Google client secret", "GOC" + "SPX-", (make) => make(28)],
  [
    "Slack bot token",
    "xo" + "xb-",
    (make) => `${make(12, DIGITS)}-${make(12, DIGITS)}-${make(24)}`,
  ],
  [
    "Slack app token",
    "xa" + "pp-1-",
    (make) => `A${make(10)}-${make(13, DIGITS)}-${make(64, HEX)}`,
  ],
  ["Stripe live key", "sk" + "_live_", (make) => make(24)],
  ["Stripe restricted key", "rk" + "_test_", (make) => make(24)],
  ["Stripe webhook secret", "wh" + "sec_", (make) => make(32)],
  ["WorkOS key", "sk" + "_test_a2V5X", (make) => make(40)],
  ["Twilio key", "S" + "K", (make) => make(32, HEX)],
  ["SendGrid key", "S" + "G.", (make) => `${make(22)}.${make(43)}`],
  ["Mailgun key", "ke" + "y-", (make) => make(32, HEX)],
  ["Resend key", "r" + "e_", (make) => `${make(8)}_${make(24)}`],
  ["Discord token", "M" + "T", (make) => `${make(24)}.${make(6)}.${make(38)}`],
  ["Telegram token", "62" + "84915037:AA", (make) => make(33)],
  ["DigitalOcean token", "do" + "p_v1_", (make) => make(64, HEX)],
  ["Vercel token", "vc" + "p_", (make) => make(56)],
  ["Vercel blob token", "vercel" + "_blob_rw_", (make) => make(40)],
  ["Netlify token", "nf" + "p_", (make) => make(36)],
  ["Heroku key", "HR" + "KU-", (make) => make(60)],
  ["PlanetScale token", "pscale" + "_tkn_", (make) => make(43)],
  ["Notion token", "nt" + "n_", (make) => `${make(11, DIGITS)}${make(35)}`],
  ["Notion secret", "secret" + "_", (make) => make(43)],
  ["Linear key", "lin" + "_api_", (make) => make(40)],
  ["Supabase token", "sb" + "p_", (make) => make(40, HEX)],
  ["Supabase secret key", "sb" + "_secret_", (make) => make(31)],
  ["Convex deploy key", "prod:" + "happy-otter-123|", (make) => `${make(60)}==`],
  ["Convex admin key", "convex-self" + "-hosted|", (make) => make(64, HEX)],
  ["Azure client secret", "aB3" + "8Q~", (make) => make(34)],
  ["Hugging Face token", "h" + "f_", (make) => make(34)],
  ["Groq key", "gs" + "k_", (make) => make(52)],
  ["Perplexity key", "pp" + "lx-", (make) => make(48)],
  ["Replicate token", "r" + "8_", (make) => make(37)],
  ["xAI key", "xa" + "i-", (make) => make(80)],
  ["Pinecone key", "pcs" + "k_", (make) => make(70)],
  ["LangSmith key", "lsv2" + "_pt_", (make) => `${make(32, HEX)}_${make(10, HEX)}`],
  ["Sentry token", "sntry" + "s_", (make) => make(80)],
  ["New Relic key", "NR" + "AK-", (make) => make(27, UPPER + DIGITS)],
  ["Postman key", "PM" + "AK-", (make) => `${make(24, HEX)}-${make(34, HEX)}`],
  ["Airtable token", "pa" + "t", (make) => `${make(14)}.${make(64, HEX)}`],
  ["Doppler token", "dp" + ".pt.", (make) => make(43)],
  ["Atlassian token", "AT" + "ATT3", (make) => `${make(180)}=`],
  ["Shopify token", "shp" + "at_", (make) => make(32, HEX)],
  ["Databricks token", "da" + "pi", (make) => make(32, HEX)],
  ["Docker token", "dckr" + "_pat_", (make) => make(27)],
  ["Figma token", "fig" + "d_", (make) => make(44)],
  ["Grafana token", "gls" + "a_", (make) => `${make(32)}_${make(8, HEX)}`],
  ["Vault token", "hv" + "s.", (make) => make(95)],
  ["Cloudflare token", "cfu" + "t_", (make) => `${make(40)}${make(8, HEX)}`],
  ["Tailscale key", "ts" + "key-auth-", (make) => `${make(12)}-${make(32)}`],
  ["age key", "AGE-SECRET" + "-KEY-1", (make) => make(58, UPPER + DIGITS)],
];

/** Name, what stands before, the secret, what stands after. */
const NAMED: [name: string, before: string, secret: (make: Make) => string, after?: string][] = [
  ["JWT", "", jwt],
  ["AWS secret key", "aws_secret_access_key = ", (make) => make(40, BASE64)],
  ["AWS session token", "aws_session_token = ", (make) => `IQoJb3${make(200)}`],
  ["bearer header", "Authorization: Bearer ", (make) => word(make, 32)],
  ["basic header", "Authorization: Basic ", (make) => `${make(23)}=`],
  ["key header", "x-api-key: ", (make) => word(make, 32)],
  ["cookie header", "Cookie: session=", (make) => word(make, 40)],
  ["bare bearer", "with the bearer ", (make) => word(make, 40)],
  ["password in a URL", "https://ada:", (make) => word(make, 12), "@git.example.org/x.git"],
  ["Postgres URL", "postgresql://app:", (make) => `${word(make, 10)}!%`, "@db.internal:5432/app"],
  ["MongoDB URL", "mongodb+srv://app:", (make) => word(make, 16), "@c0.abc.mongodb.net/app"],
  ["Redis URL", "redis://:", (make) => word(make, 20), "@cache:6379"],
  ["password in a query", "https://a.test/x?user=1&password=", (make) => word(make, 14), "&y=2"],
  ["token in a query", "https://a.test/x?access_token=", (make) => word(make, 30), "#top"],
  [
    "connection string",
    "Server=db;User Id=sa;Password=",
    (make) => `${word(make, 12)}$`,
    ";Encrypt=yes",
  ],
  ["Azure storage key", "AccountName=a;AccountKey=", (make) => `${make(86, BASE64)}==`, ";E=x"],
  [
    "Slack webhook",
    "https://hooks.slack.com/services/",
    (make) => `T${make(8)}/B${make(8)}/${make(24)}`,
  ],
  [
    "Discord webhook",
    "https://discord.com/api/webhooks/",
    (make) => `${make(18, DIGITS)}/${make(68)}`,
  ],
  ["npmrc token", "//r.example.org/:_authToken=", (make) => word(make, 36)],
  ["netrc", "machine a.test login ada password ", (make) => word(make, 12)],
  [".env secret", "\nSESSION_SECRET=", (make) => make(32, HEX), "\n"],
  [".env token", "\nexport GH_TOKEN='", (make) => word(make, 30), "'\n"],
  [".env password", "\nDB_PASSWORD=", (make) => `${word(make, 8)}(&;x`, "\n"],
  [".env key", "\nENCRYPTION_KEY=", (make) => `${word(make, 30)}=`, "\n"],
  [".env in a sentence", "set TWILIO_AUTH_TOKEN=", (make) => `1a${make(30, HEX)}`, " and run"],
  ["setting in code", 'const apiKey = "', (make) => word(make, 24), '";'],
  ["setting in YAML", "\n  client_secret: ", (make) => word(make, 24), "\n"],
  ["command line flag", "deploy --token ", (make) => word(make, 24), " --yes"],
  ["curl user", "curl -u ada:", (make) => word(make, 12), " https://a.test"],
  ["said in a sentence", "the password is ", (make) => word(make, 12), " I think"],
  ["RSA private key", "", (make) => pem(make, "RSA PRIVATE" + " KEY")],
  ["EC private key", "", (make) => pem(make, "EC PRIVATE" + " KEY")],
  ["OpenSSH private key", "", (make) => pem(make, "OPENSSH PRIVATE" + " KEY")],
  ["private key", "", (make) => pem(make, "PRIVATE" + " KEY")],
  ["PGP private key", "", (make) => pem(make, "PGP PRIVATE" + " KEY BLOCK")],
];

/** Every form once, each with other characters than the others. */
export function plantedSecrets(): PlantedSecret[] {
  const tokens = TOKENS.map(([name, prefix, rest], index) => ({
    name,
    before: "",
    secret: prefix + rest(maker(index + 1)),
    after: "",
  }));
  const named = NAMED.map(([name, before, secret, after = ""], index) => ({
    name,
    before,
    secret: secret(maker(index + 1001)),
    after,
  }));
  return [...tokens, ...named];
}

/** Pieces of a secret by which it would be known wherever it is stored: its own lines, each at its middle. */
export function tracesOf({ secret }: PlantedSecret): string[] {
  const lines = secret.split("\n").filter((line) => !line.startsWith("-----"));
  return lines.map((line) => {
    const length = Math.min(line.length, 16);
    const start = Math.floor((line.length - length) / 2);
    return line.slice(start, start + length);
  });
}
