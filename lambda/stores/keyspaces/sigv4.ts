import { createHash, createHmac } from 'node:crypto';
import { auth } from 'cassandra-driver';
import { PolystoreError } from '../../errors.ts';
import type { Clock } from '../store.ts';

/** What AWS gives a function's role; the token comes with all temporary credentials. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export interface SigV4Options {
  readonly region: string;
  /** Asked for with each connection, so that rotated credentials are seen. */
  readonly credentials: () => Promise<AwsCredentials>;
  readonly clock: Clock;
}

/**
 * Signs the answer to the server's challenge as Keyspaces wants it: a pre-signed `PUT /authenticate` of
 * AWS Signature Version 4 for the service `cassandra`, over the hash of the nonce. (AWS's own plugin,
 * aws-sigv4-auth-cassandra-plugin, brings the AWS SDK 2, which is no longer maintained; the first test of
 * this function is that plugin's example.)
 *
 * @param nonce what the challenge says; @param at milliseconds since the epoch.
 */
export function signNonce(nonce: string, region: string, credentials: AwsCredentials, at: number): string {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const timestamp = new Date(at).toISOString();
  const day = timestamp.slice(0, 10).replaceAll('-', '');
  const scope = [day, region, 'cassandra', 'aws4_request'];
  const query = [
    'X-Amz-Algorithm=AWS4-HMAC-SHA256',
    `X-Amz-Credential=${encodeURIComponent([accessKeyId, ...scope].join('/'))}`,
    `X-Amz-Date=${encodeURIComponent(timestamp)}`,
    'X-Amz-Expires=900',
  ].join('&');
  const request = ['PUT', '/authenticate', query, 'host:cassandra', '', 'host', sha256(nonce)].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', timestamp, scope.join('/'), sha256(request)].join('\n');
  const key = scope.reduce<string | Buffer>((secret, part) => hmac(secret, part), `AWS4${secretAccessKey}`);
  const signature = hmac(key, toSign).toString('hex');
  const token = sessionToken === undefined ? '' : `,session_token=${sessionToken}`;
  return `signature=${signature},access_key=${accessKeyId},amzdate=${timestamp}${token}`;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

type Answer = (error: Error | null, response?: Buffer) => void;

/**
 * The driver's side of the exchange. The driver takes instances of its own classes only, and of those that
 * it declares this one is the nearest; everything of it is replaced.
 */
export class SigV4AuthProvider extends auth.PlainTextAuthProvider {
  readonly #options: SigV4Options;

  constructor(options: SigV4Options) {
    super('', '');
    this.#options = options;
  }

  override newAuthenticator(): auth.Authenticator {
    return {
      initialResponse: (answer: Answer) => answer(null, Buffer.from('SigV4\0\0')),
      evaluateChallenge: (challenge: Buffer, answer: Answer) => {
        this.#sign(challenge.toString()).then(
          (response) => answer(null, Buffer.from(response)),
          (error: Error) => answer(error),
        );
      },
      onAuthenticationSuccess: () => {},
    };
  }

  async #sign(challenge: string): Promise<string> {
    const { region, credentials, clock } = this.#options;
    const nonce = /nonce=([^,]+)/.exec(challenge)?.[1];
    if (nonce === undefined)
      throw new PolystoreError('store_unavailable', 'The challenge of Keyspaces has no nonce.');
    const found = await credentials().catch((cause: unknown) => {
      throw new PolystoreError('store_unavailable', 'The function has no AWS credentials now.', { cause });
    });
    return signNonce(nonce, region, found, clock());
  }
}
