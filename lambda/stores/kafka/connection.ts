import type { BaseOptions } from '@platformatic/kafka';
import { generateAuthToken } from 'aws-msk-iam-sasl-signer-js';
import { PolystoreError } from '../../errors.ts';

export interface ConnectionOptions {
  /** `host:port` each. */
  readonly brokers: readonly string[];
  /** `iam`: TLS and MSK's IAM tokens. `none`: plain text, for engines on loopback. */
  readonly auth: 'iam' | 'none';
  /** Needed by `iam`, which signs for a region. */
  readonly region?: string | undefined;
  /** Names this client in the brokers' logs and quotas. */
  readonly clientId: string;
}

/**
 * The driver's options for reaching the brokers.
 * @throws PolystoreError `invalid_configuration` without brokers, or for `iam` without a region.
 */
export function renderClientOptions(options: ConnectionOptions): BaseOptions {
  const { brokers, auth, region, clientId } = options;
  if (brokers.length === 0)
    throw new PolystoreError(
      'invalid_configuration',
      'The change log has no brokers: give at least one host:port.',
    );
  const base = {
    clientId,
    bootstrapBrokers: [...brokers],
    connectTimeout: 3_000,
    timeout: 10_000,
    requestTimeout: 15_000,
    retryDelay: 250,
  };
  if (auth === 'none') return base;
  if (region === undefined || region === '')
    throw new PolystoreError(
      'invalid_configuration',
      'IAM access to the change log needs a region: set AWS_REGION.',
    );
  return {
    ...base,
    tls: {},
    sasl: {
      mechanism: 'OAUTHBEARER',
      // A token lives for 15 minutes; the driver asks for one with each connection and re-authentication.
      token: async () => (await generateAuthToken({ region })).token,
    },
  };
}
