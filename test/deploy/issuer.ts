import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

/** An OpenID issuer on 127.0.0.1: what an identity provider is to the deployed API. */
export interface Issuer {
  /** `https://127.0.0.1:<port>/`. */
  readonly issuer: string;
  readonly audience: string;
  readonly keysUrl: string;
  /** A credential with these claims, good for an hour. */
  issue(claims: Readonly<Record<string, string>>): Promise<string>;
  stop(): Promise<void>;
}

// API Gateway's JWT authorizer takes RSA alone.
const algorithm = 'RS256';

export async function startIssuer(certificate: {
  readonly file: string;
  readonly key: string;
}): Promise<Issuer> {
  const pair = await generateKeyPair(algorithm, { extractable: true });
  const key = { ...(await exportJWK(pair.publicKey)), kid: 'deploy-test', alg: algorithm, use: 'sig' };
  const documents: Record<string, unknown> = { '/jwks.json': { keys: [key] } };
  const server = createServer(
    { cert: readFileSync(certificate.file), key: readFileSync(certificate.key) },
    (request, response) => {
      const document = documents[request.url ?? ''];
      response.writeHead(document === undefined ? 404 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(document ?? {}));
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // It listens on TCP, so the address is an object.
  const { port } = server.address() as AddressInfo;
  const issuer = `https://127.0.0.1:${port}/`;
  const keysUrl = `${issuer}jwks.json`;
  const audience = 'polystore-deploy-test';
  documents['/.well-known/openid-configuration'] = { issuer, jwks_uri: keysUrl };
  return {
    issuer,
    audience,
    keysUrl,
    issue: (claims) =>
      new SignJWT({ ...claims })
        .setProtectedHeader({ alg: algorithm, kid: key.kid })
        .setIssuer(issuer)
        .setAudience(audience)
        .setIssuedAt()
        .setExpirationTime('1h')
        .sign(pair.privateKey),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
