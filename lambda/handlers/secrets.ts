import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PolystoreError } from '../errors.ts';
import type { Clock } from '../stores/store.ts';

/** How long a secret is used before it is asked for again: a rotated one is seen within this time. */
const freshMs = 300_000;

/** The text of a secret by its ARN. */
export type ReadSecret = (arn: string) => Promise<string>;

/** Reads secrets and remembers each for five minutes. @throws PolystoreError `store_unavailable`. */
export function createSecretReader(client: SecretsManagerClient, clock: Clock): ReadSecret {
  const held = new Map<string, { readonly at: number; readonly text: Promise<string> }>();
  return (arn) => {
    const known = held.get(arn);
    if (known !== undefined && clock() - known.at < freshMs) return known.text;
    const text = fetchSecret(client, arn);
    held.set(arn, { at: clock(), text });
    // A failure is not remembered.
    text.catch(() => held.delete(arn));
    return text;
  };
}

async function fetchSecret(client: SecretsManagerClient, arn: string): Promise<string> {
  try {
    const { SecretString: text } = await client.send(new GetSecretValueCommand({ SecretId: arn }));
    if (text !== undefined) return text;
  } catch (error) {
    throw new PolystoreError('store_unavailable', `The secret ${arn} could not be read. It is tried again.`, {
      cause: error,
    });
  }
  throw new PolystoreError('invalid_configuration', `The secret ${arn} holds no text.`);
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
