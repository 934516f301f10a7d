import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { Client, Serializer } from '@opensearch-project/opensearch';
import { AwsSigv4Signer } from '@opensearch-project/opensearch/aws-v3';
import { parseExactJson } from '../../change/exact-json.ts';

export interface OpensearchConnection {
  /** `https://…`; `http://…` on loopback. */
  readonly endpoint: string;
  /** `iam` signs each request (SigV4) with the function's own credentials; `none` only on loopback. */
  readonly auth: 'iam' | 'none';
  readonly region: string;
  /** Whose requests are signed. @default - those of the SDK's chain: in Lambda the function's role */
  readonly credentials?: () => Promise<Credentials>;
}

type Credentials = Awaited<ReturnType<ReturnType<typeof defaultProvider>>>;

/** Requests of one client on the wire at once, and sockets. */
export const requestsInFlight = 50;

/** Reads whole numbers above 2^53, which versions are, as bigints; a double would round them. */
class ExactSerializer extends Serializer {
  override deserialize(json: string): unknown {
    // Reading exactly takes several times as long, and most answers hold no such number.
    return /\d{16}/.test(json) ? parseExactJson(json) : JSON.parse(json);
  }
}

/** A client with bounded waits that tries nothing again: the store does, where that is harmless. */
export function createClient({ endpoint, auth, region, credentials }: OpensearchConnection): Client {
  return new Client({
    node: endpoint,
    ...(auth === 'iam'
      ? AwsSigv4Signer({ region, service: 'es', getCredentials: credentials ?? defaultProvider() })
      : {}),
    Serializer: ExactSerializer,
    maxRetries: 0,
    requestTimeout: 30_000,
    // There is one address; when it fails the next request asks it again.
    resurrectStrategy: 'none',
    agent: { keepAlive: true, maxSockets: requestsInFlight },
  });
}
