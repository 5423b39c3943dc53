/** A person who can sign in on the emulator's login page. */
export interface Person {
  /** The WorkOS user id: the subject of the person's tokens. Stable over restarts. */
  id: string;
  email: string;
  firstName: string;
  lastName: string;
  password: string;
  /** A picture that needs no network, or null. */
  pictureUrl: string | null;
}

/** The people that every embedded stack knows. */
export const PEOPLE: readonly Person[] = [
  {
    id: "user_ada",
    email: "ada@example.com",
    firstName: "Ada",
    lastName: "Lovelace",
    password: "local-only",
    pictureUrl: picture("AL", "#7c3aed"),
  },
  {
    id: "user_grace",
    email: "grace@example.com",
    firstName: "Grace",
    lastName: "Hopper",
    password: "local-only",
    pictureUrl: null,
  },
];

function picture(initials: string, colour: string): string {
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" fill="${colour}"/>` +
    `<text x="32" y="41" font-family="sans-serif" font-size="26" fill="#fff" text-anchor="middle">${initials}</text></svg>`;
  return `data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}`;
}
