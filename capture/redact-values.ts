/** Secrets that are known by what names them: settings, headers, addresses, command lines. What names them stays. */
import { byPattern, type Match, type Rule, WORD_START } from "./redact-rule";

const SECRET_NAME =
  /(?:passw(?:or)?d|passphrase|pwd|secret|token|credentials?|(?:api|access|private|secret|signing|encryption|auth|deploy|master|service|account|shared|license|admin|webhook|anon|role)[_-]?key|_KEY|_PAT)(?:[_-]?(?:\d+|value|base64|b64|dev|prod|test|live|staging|production|development))?$/i;
const PASSWORD_NAME = /(?:passw(?:or)?d|passphrase|pwd|secret)\w{0,12}$/i;
const HARMLESS_NAME =
  /(?:page|next|cursor|continuation|sync|max|min|num|cancel|cancellation|primary|foreign|public|cache|sort|partition|index|bos|eos|pad|unk)[_-]?(?:token|key)$/i;

/** Whether a setting of this name holds a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) && !HARMLESS_NAME.test(name);
}

const PLACEHOLDER =
  /^(?:[x*.•…_-]+|.?[<{[$%].*|.*(?:your|my|example|placeholder|change_?me|dummy|sample|insert|replace|redacted|todo|fixme)[_-].*|your.*|(?:pass(?:word|wd)?|pwd|secret|token|key|string|number|boolean|true|false|null|none|undefined|required|optional|example|placeholder|changeme|admin|root|user|test|mypassword|mysecret|mytoken|secret_?key|api_?key|access_?token)\d?)$/i;
/** A reference or a call where the secret would stand. */
const CODE =
  /^(?:[A-Za-z_$]+(?:\.|\?\.|::|->)[A-Za-z_$]|[A-Za-z_$][\w$.]*\((?:.*\)|[\w$.,"']*$)|process\.|import\.|os\.|env\b|new\s|await\s|!?[A-Za-z_$]\w*[?!]|\/|\.{1,2}\/|https?:\/\/[^@]*$|@)/;

/** Whether a value may be a secret, and not a word that stands for one. */
function isPlausible(value: string): boolean {
  return !PLACEHOLDER.test(value) && !CODE.test(value);
}

/** Letters and digits together, and no words: what people and machines make as secrets. */
function isMixed(value: string): boolean {
  return /\d/.test(value) && /[A-Za-z]/.test(value) && !/\s/.test(value);
}

/** Whether what stands under that name in JSON is a secret. */
export function isSecretField(name: string, value: string): boolean {
  if (!isSecretName(name) || !isPlausible(value)) return false;
  if (PASSWORD_NAME.test(name))
    return value.length >= 4 && value.length <= 512 && !/\s/.test(value);
  return value.length >= 8 && isMixed(value);
}

function isSetting({ groups, value }: Match): boolean {
  const name = groups.name ?? "";
  if (!isSecretName(name) || !isPlausible(value)) return false;
  // Names in capitals are settings; others may be anything in code.
  if (name === name.toUpperCase() && PASSWORD_NAME.test(name)) return value.length >= 4;
  return value.length >= (PASSWORD_NAME.test(name) ? 6 : 8) && isMixed(value);
}

const SETTING_WORDS = [
  "passw",
  "passphrase",
  "pwd",
  "secret",
  "token",
  "key",
  "credential",
  "_pat",
];
const NAME = String.raw`${WORD_START}(?<name>[A-Za-z_][\w.-]{0,80})["'\\]{0,4}`;
const QUOTED = String.raw`\\{0,3}"(?<a>[^"\\\r\n]{4,512})|\\{0,3}'(?<b>[^'\\\r\n]{4,512})`;
const IS = String.raw`[ \t]{0,4}(?::=|=>|=|:)[ \t]{0,4}`;
const LINE = String.raw`(?<=^|\n|\\n)[ \t]{0,16}(?:(?:export|set|ENV|ARG|-|\+)[ \t]{1,4})?`;
const BARE = "[^\\s\"'\\\\`]{4,4096}";

/** Passwords in addresses and in connection strings. */
const USERINFO = /:(?:\\?\/){2}[^\s/:@"'`<>\\[]{0,128}:(?<secret>[^\s/@"'`<>\\]{1,256})@/dg;
const PARAMETER =
  /[?&#](?:[a-z_.-]{0,24}(?:token|secret|password|passwd|pwd|api_?key|apikey|signature|credential)|key|sig|auth|code|jwt)=(?<secret>[^\s&#"'`<>\\)\]}]{8,4096})/dgi;
const CONNECTION = new RegExp(
  String.raw`${WORD_START}(?:password|pwd)=(?<secret>[^;&"'${"`"}\s\\<>]{4,256})`,
  "dgi",
);

const HEADER =
  /authorization["'\\\s]{0,8}[:=,]["'\\\s]{0,8}(?:bearer|token|bot|apikey|digest)\s{1,8}(?<secret>[A-Za-z0-9._~+/|:-]{16,}={0,2})/dgi;
const BASIC =
  /authorization["'\\\s]{0,8}[:=,]["'\\\s]{0,8}basic\s{1,8}(?<secret>[A-Za-z0-9+/_-]{8,}={0,2})/dgi;
const BEARER = new RegExp(
  String.raw`${WORD_START}bearer\s{1,4}(?<secret>[A-Za-z0-9._~+/-]{20,}={0,2})`,
  "dgi",
);
const KEY_HEADER = new RegExp(
  String.raw`${WORD_START}(?:x-[a-z-]{0,30}|api-|private-|ocp-apim-subscription-)(?:key|token|secret|auth)["'\\]{0,4}\s{0,3}[:,]\s{0,3}["'\\]{0,4}(?<secret>[\w.~+/=-]{8,})`,
  "dgi",
);
const COOKIE = new RegExp(
  String.raw`${WORD_START}(?:set-)?cookie["'\\]{0,4}:\s{0,4}["'\\]{0,4}(?<secret>[\w.-]{1,64}=[^\s"'\\;]{8,4096}(?:; ?[\w.-]{1,64}=[^\s"'\\;]{0,4096})*)`,
  "dgi",
);
const CURL_USER =
  /curl\b[^\n"']{0,200}?\s(?:-u|--user)[ =]["'\\]{0,4}[\w.@-]{1,64}:(?<secret>[^\s"'\\]{4,256})/dg;
const FLAG = new RegExp(
  String.raw`\s--?(?<name>[A-Za-z][\w-]{0,40})[= ](?:${QUOTED}|(?<c>${BARE}))`,
  "dg",
);
const SAID =
  /(?:password|passphrase|passwd|secret|api key|token|pin)\s(?:is|was)[:\s]{1,3}["'`]?(?<secret>[^\s"'`\\]{6,256})/dgi;
const NETRC = /\blogin\s{1,4}\S{1,100}\s{1,4}password\s{1,4}(?<secret>[^\s"'\\]{3,256})/dg;
const NPMRC =
  /_(?:authToken|auth|password)[ \t]{0,2}=[ \t]{0,2}["']?(?<secret>[^\s"'\\$]{8,512})/dg;
const AWS_SECRET =
  /secret_?access_?key[\\"'\s]{0,8}[:=][\\"'\s]{0,8}(?<secret>[A-Za-z0-9/+=]{40})(?![A-Za-z0-9/+=])/dgi;

const CAPITALS = new RegExp(
  `${WORD_START}(?<name>[A-Z][A-Z0-9_]{2,80})=(?<c>[^\\s"'\\\\\`,;<>()[\\]{}&|]{4,4096})`,
  "dg",
);

const isLikely = ({ value }: Match): boolean => isPlausible(value) && isMixed(value);

/** The rules, the more particular before the more general. */
export const values: readonly Rule[] = [
  byPattern("aws-secret-key", ["key"], AWS_SECRET),
  byPattern("basic-auth", ["basic"], BASIC),
  byPattern("bearer-token", ["authorization"], HEADER),
  byPattern("bearer-token", ["bearer"], BEARER, isLikely),
  byPattern("cookie", ["cookie"], COOKIE, ({ value }) => isPlausible(value)),
  byPattern("npm-token", ["_auth", "_password"], NPMRC, ({ value }) => isPlausible(value)),
  byPattern("api-key", ["key", "token", "secret", "auth"], KEY_HEADER, isLikely),
  byPattern("password", ["://", ":\\/\\/"], USERINFO, ({ value }) => !PLACEHOLDER.test(value)),
  byPattern("url-secret", ["="], PARAMETER, isLikely),
  byPattern("password", ["password=", "pwd="], CONNECTION, isLikely),
  byPattern("password", ["curl"], CURL_USER, ({ value }) => isPlausible(value)),
  byPattern("password", ["password"], NETRC, ({ value }) => isPlausible(value)),
  byPattern("password", [" is", " was"], SAID, isLikely),
  byPattern("setting", ["--", " -"], FLAG, isSetting),
  byPattern(
    "setting",
    SETTING_WORDS,
    new RegExp(`${LINE}${NAME}${IS}(?:${QUOTED}|(?<c>${BARE}))`, "dg"),
    isSetting,
  ),
  byPattern("setting", SETTING_WORDS, new RegExp(`${NAME}${IS}(?=${QUOTED})`, "dg"), isSetting),
  byPattern(
    "setting",
    SETTING_WORDS,
    new RegExp(`${NAME}${IS}(?=(?<c>[A-Za-z0-9+/_.~-]{20,}={0,2}))`, "dg"),
    isSetting,
  ),
  byPattern("setting", SETTING_WORDS, CAPITALS, isSetting),
];
