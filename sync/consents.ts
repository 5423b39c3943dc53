/** Who has agreed to the disclosure of the welcome page. */
import { type Consent, CONSENT_VERSION, consents, NOBODY } from "../utils/storage";

let turn: Promise<unknown> = Promise.resolve();

/** Reading and writing back must not cross with another change. */
function change(edit: (all: Record<string, Consent>) => Record<string, Consent>): Promise<void> {
  const result = turn.then(async () => consents.setValue(edit(await consents.getValue())));
  turn = result.catch(() => undefined);
  return result;
}

function isCurrent(consent: Consent | undefined): consent is Consent {
  return consent !== undefined && consent.version >= CONSENT_VERSION;
}

/** Whether this person has agreed to the present disclosure. */
export async function hasConsent(person: string): Promise<boolean> {
  return isCurrent((await consents.getValue())[person]);
}

/** Notes that somebody agrees; null: before signing in. */
export function agree(person: string | null, now: number): Promise<void> {
  const consent = { agreedAt: now, version: CONSENT_VERSION };
  return change((all) => ({ ...all, [person ?? NOBODY]: consent }));
}

function without(all: Record<string, Consent>, ...people: string[]): Record<string, Consent> {
  return Object.fromEntries(Object.entries(all).filter(([person]) => !people.includes(person)));
}

/** Takes an agreement back, also one given before signing in. */
export function withdraw(person: string | null): Promise<void> {
  return change((all) => without(all, NOBODY, person ?? NOBODY));
}

/** Passes an agreement that was given before signing in to the first person who then signs in. */
export function adoptConsent(person: string): Promise<void> {
  return change((all) => {
    const given = all[NOBODY];
    const adopted = isCurrent(given) && !isCurrent(all[person]) ? { [person]: given } : {};
    return { ...without(all, NOBODY), ...adopted };
  });
}
