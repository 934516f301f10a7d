import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PolystoreError } from '../errors.ts';
import type { ReadSecret } from './secrets.ts';

/** Asks Secrets Manager each time. @throws PolystoreError `store_unavailable`, `invalid_configuration` for no text. */
export function createSecretFetch(): ReadSecret {
  const client = new SecretsManagerClient({});
  return async (arn) => {
    try {
      const { SecretString: text } = await client.send(new GetSecretValueCommand({ SecretId: arn }));
      if (text !== undefined) return text;
    } catch (error) {
      throw new PolystoreError(
        'store_unavailable',
        `The secret ${arn} could not be read. It is tried again.`,
        {
          cause: error,
        },
      );
    }
    throw new PolystoreError('invalid_configuration', `The secret ${arn} holds no text.`);
  };
}
