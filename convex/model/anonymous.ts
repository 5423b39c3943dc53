/** Takes out of texts who somebody is: the names of home directories, and e-mail addresses. Every pattern takes linear time. */

const SLASH = String.raw`(?:[\\/]|%2[Ff]|%5[Cc])`;

/** A user name in a path; a dot at its end is the sentence's. */
const NAME = String.raw`(?:[^\s\\/%:*?"'<>|${"`"};,()[\]{}]|%(?!2[Ff]|5[Cc]))*[^\s\\/%:*?"'<>|${"`"};,.()[\]{}]`;

/** Windows takes `users` in any case, and spaces in a name; where such a name ends shows only the next backslash. */
const windowsHome = new RegExp(
  String.raw`([A-Za-z](?::|%3[Aa])${SLASH}{1,4}[Uu][Ss][Ee][Rr][Ss]${SLASH}{1,4})(?:[^\\/:*?"<>|\r\n]{1,40}(?=\\)|${NAME})`,
  "g",
);

const home = new RegExp(`(${SLASH}(?:home|Users)${SLASH}{1,4})${NAME}`, "g");

/** Claude Code names a project's folder by its path with hyphens. */
const hyphenatedHome = new RegExp(`(${SLASH}-(?:home|Users)-)[^-\\s\\\\/"'\`]+`, "g");

/** The last label is of letters, so that a package with its version (`name@1.2.3`) is none. */
const email =
  /(?<![\p{L}\p{N}._+-])[\p{L}\p{N}._+-]+(?:@|%40)[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)*\.\p{L}{2,}/gu;

/** The text with `user` for every name of a home directory and `user@example.com` for every e-mail address. */
export function anonymous(text: string): string {
  return text
    .replace(windowsHome, "$1user")
    .replace(home, "$1user")
    .replace(hyphenatedHome, "$1user")
    .replace(email, "user@example.com");
}
