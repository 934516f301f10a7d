import { AssumeRoleCommand, type STSClient } from '@aws-sdk/client-sts';
import { PolystoreError } from '../errors.ts';

/** Least that STS gives, and more than a run of the schema takes. */
const durationSeconds = 900;

/**
 * The credentials of the role that manages access in OpenSearch, taken on when they are asked for.
 * @throws PolystoreError `store_unavailable`, also where the function may not take the role on.
 */
export function assumeManager(client: STSClient, roleArn: string) {
  return async () => {
    const { Credentials: given } = await client
      .send(
        new AssumeRoleCommand({
          RoleArn: roleArn,
          RoleSessionName: 'polystore-schema',
          DurationSeconds: durationSeconds,
        }),
      )
      .catch((cause: unknown) => {
        throw new PolystoreError('store_unavailable', `The role ${roleArn} could not be taken on.`, {
          cause,
        });
      });
    if (given?.AccessKeyId === undefined || given.SecretAccessKey === undefined)
      throw new PolystoreError('store_unavailable', `STS gave no credentials of the role ${roleArn}.`);
    return {
      accessKeyId: given.AccessKeyId,
      secretAccessKey: given.SecretAccessKey,
      ...(given.SessionToken !== undefined && { sessionToken: given.SessionToken }),
      ...(given.Expiration !== undefined && { expiration: given.Expiration }),
    };
  };
}
