import type { Profile } from "../utils/storage";
import { cleanTitle } from "./clean-title";

/** One or two letters for a person. */
export function initials(person: Profile): string {
  const words = (person.name?.trim() || person.email).split(/[\s.@_-]+/u).filter(Boolean);
  const letters = [words[0], person.name ? words.at(-1) : undefined]
    .filter((word, index, all) => word !== undefined && all.indexOf(word) === index)
    .map((word) => [...(word ?? "")][0] ?? "");
  return letters.join("").toUpperCase() || "?";
}

/** Who is signed in: initials, name and e-mail. No picture: a remote one would tell its host when the page is open. */
export function Person({ person }: { person: Profile }) {
  return (
    <div className="flex min-w-0 items-center gap-2.5">
      <span
        aria-hidden="true"
        className="grid size-8 shrink-0 place-items-center rounded-full bg-accent-soft text-xs font-semibold text-accent"
      >
        {initials(person)}
      </span>
      <span className="grid min-w-0">
        {person.name && <span className="truncate font-medium">{cleanTitle(person.name)}</span>}
        <span className={person.name ? "truncate text-sm text-ink-soft" : "truncate font-medium"}>
          {person.email}
        </span>
      </span>
    </div>
  );
}
