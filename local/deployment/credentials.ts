import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose';
import * as z from 'zod';

/** Who a development credential speaks for. */
export type CredentialSubject =
  | { readonly kind: 'tenant'; readonly tenant: string }
  | { readonly kind: 'operator' };

/**
 * This machine's stand-in for an identity provider: a key pair of its own, made once and kept in the
 * state folder. The functions get the public half only and check a credential as they check any.
 */
export interface Credentials {
  readonly issuer: string;
  readonly audience: string;
  /** The public keys, as a JWKS document. */
  readonly jwks: string;
  /** Signs the tokens that writes return; 32 bytes in base64url. */
  readonly tokenSecret: string;
  /** A signed JWT, good for `lifetimeSeconds`. */
  issue(subject: CredentialSubject, lifetimeSeconds: number): Promise<string>;
}

const algorithm = 'ES256';
const keysShape = z.object({
  privateKey: z.looseObject({ kty: z.literal('EC') }),
  publicKey: z.looseObject({ kty: z.literal('EC') }),
  tokenSecret: z.string().min(43),
});

/** The credentials kept in `stateDir`, made there on first use, readable by this user only. */
export async function openCredentials(stateDir: string): Promise<Credentials> {
  const file = join(stateDir, 'keys.json');
  const kept = await readKeys(file);
  const { privateKey, publicKey, tokenSecret } = kept ?? (await createKeys(file));
  const signingKey = await importJWK(privateKey, algorithm);
  const issuer = 'https://polystore.local';
  const audience = 'polystore';
  return {
    issuer,
    audience,
    jwks: JSON.stringify({ keys: [publicKey] }),
    tokenSecret,
    issue: (subject, lifetimeSeconds) =>
      new SignJWT(subject.kind === 'operator' ? { role: 'operator' } : { tenant: subject.tenant })
        .setProtectedHeader({ alg: algorithm, kid: 'local' })
        .setSubject(subject.kind === 'operator' ? 'local-operator' : `local-${subject.tenant}`)
        .setIssuer(issuer)
        .setAudience(audience)
        .setIssuedAt()
        .setExpirationTime(`${lifetimeSeconds}s`)
        .sign(signingKey),
  };
}

interface Keys {
  readonly privateKey: JWK;
  readonly publicKey: JWK;
  readonly tokenSecret: string;
}

async function readKeys(file: string): Promise<Keys | undefined> {
  try {
    return keysShape.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function createKeys(file: string): Promise<Keys> {
  const pair = await generateKeyPair(algorithm, { extractable: true });
  const keys: Keys = {
    privateKey: await exportJWK(pair.privateKey),
    publicKey: { ...(await exportJWK(pair.publicKey)), kid: 'local', alg: algorithm, use: 'sig' },
    tokenSecret: randomBytes(32).toString('base64url'),
  };
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.new`, JSON.stringify(keys), { mode: 0o600 });
  await rename(`${file}.new`, file);
  return keys;
}
