/** Who signs in where a spec looks at everything that somebody has: people of their own, with empty archives. */
import { PEOPLE, type Person } from "../../local/authkit/people.ts";

const NAMES = ["backfill", "patient", "import", "replay", "live", "pages"] as const;

type Name = (typeof NAMES)[number];

const personOf = (name: Name): Person => ({
  id: `user_${name}`,
  email: `${name}@example.com`,
  firstName: name,
  lastName: "Tester",
  password: "local-only",
  pictureUrl: null,
});

/** A person that no other spec uses. */
export const ownPerson: Readonly<Record<Name, Person>> = Object.fromEntries(
  NAMES.map((name) => [name, personOf(name)]),
) as Record<Name, Person>;

/** Everybody who can sign in in the specs' world. */
export const people: readonly Person[] = [...PEOPLE, ...Object.values(ownPerson)];
