import { PolystoreError } from '../errors.ts';
import type { Clock } from '../stores/store.ts';

/** How long a secret is used before it is asked for again: a rotated one is seen within this time. */
const freshMs = 300_000;

/** The text of a secret by its ARN. */
export type ReadSecret = (arn: string) => Promise<string>;

/** Remembers each secret for five minutes. @throws as `fetch`, whose failures are not remembered. */
export function createSecretReader(fetch: ReadSecret, clock: Clock): ReadSecret {
  const held = new Map<string, { readonly at: number; readonly text: Promise<string> }>();
  return (arn) => {
    const known = held.get(arn);
    if (known !== undefined && clock() - known.at < freshMs) return known.text;
    const text = fetch(arn);
    held.set(arn, { at: clock(), text });
    // A failure is not remembered.
    text.catch(() => held.delete(arn));
    return text;
  };
}

/** The password in a secret that RDS manages: JSON with `username` and `password`. */
export async function readPassword(read: ReadSecret, arn: string): Promise<string> {
  const secret: unknown = JSON.parse(await read(arn));
  if (
    typeof secret === 'object' &&
    secret !== null &&
    'password' in secret &&
    typeof secret.password === 'string'
  )
    return secret.password;
  throw new PolystoreError('invalid_configuration', `The secret ${arn} has no text 'password'.`);
}
