import { browser } from "../../utils/browser";
import { CopyButton } from "../ui/CopyButton";
import { Section } from "../ui/Section";

interface NamedUri {
  name: string;
  uri: string;
}

/** This build's redirect URI first, then those of the other known builds, each once. */
export function redirectUris(): NamedUri[] {
  const own = import.meta.env.VITE_REDIRECT_URI || browser.identity.getRedirectURL("callback");
  const known = [
    { name: "Chrome and Edge, unpacked", uri: import.meta.env.REDIRECT_URIS.chrome },
    { name: "Firefox", uri: import.meta.env.REDIRECT_URIS.firefox },
  ];
  return [{ name: "This browser", uri: own }, ...known.filter(({ uri }) => uri !== own)];
}

/** The addresses that WorkOS must know to send people back to the extension. */
export function RedirectUris() {
  return (
    <Section
      title="Redirect URIs"
      intro="Add each one that people of yours use under Redirects in the WorkOS dashboard. A store gives its build another id, and so another first line."
    >
      <ul className="grid gap-3">
        {redirectUris().map(({ name, uri }) => (
          <li key={uri} className="flex items-center justify-between gap-3">
            <div className="grid min-w-0">
              <span className="font-medium">{name}</span>
              <code className="font-mono text-xs wrap-anywhere text-ink-soft">{uri}</code>
            </div>
            <CopyButton text={uri} label="Copy" />
          </li>
        ))}
      </ul>
    </Section>
  );
}
