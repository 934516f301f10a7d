import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose';
import { PolystoreError } from '../errors.ts';
import type { Caller, Clock } from '../stores/store.ts';

export interface AuthenticateOptions {
  readonly issuer: string;
  readonly audience: string;
  /** The issuer's public keys: a JWKS document, or its address. */
  readonly keys: { readonly document: string } | { readonly url: string };
  readonly clock: Clock;
}

/**
 * How long a credential that was verified is taken again without another look at its signature, unless
 * it ends before. Verifying ES256 costs about a millisecond of CPU; a key that its issuer withdraws is
 * believed for so much longer.
 */
const trustMs = 60_000;
const trustedAtMost = 1_000;

/** Only signatures whose key cannot be made from what a verifier knows; never `none`, never a shared secret. */
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

/**
 * Checks the JWT in `authorization: Bearer …` and says who asks. A credential has a claim `tenant`, or
 * a claim `role` that is `operator`; not both.
 *
 * @throws PolystoreError `unauthenticated` without a valid credential, `forbidden` when it says neither
 * or both, `store_unavailable` when the issuer's keys cannot be fetched; from the function itself
 * `invalid_configuration` when the keys are no JWKS.
 */
export function createAuthenticator(options: AuthenticateOptions): (headers: Headers) => Promise<Caller> {
  const keys = keySet(options.keys);
  const trusted = new Map<string, { readonly caller: Caller; readonly untilMs: number }>();
  return async (headers) => {
    const match = /^Bearer +([\w.~+/=-]+) *$/i.exec(headers.get('authorization') ?? '');
    if (match?.[1] === undefined)
      throw new PolystoreError(
        'unauthenticated',
        'The request has no credential. Send a JWT in the header authorization: Bearer <token>.',
      );
    const credential = match[1];
    const nowMs = options.clock();
    const known = trusted.get(credential);
    if (known !== undefined && nowMs < known.untilMs) return known.caller;
    trusted.delete(credential);
    const { payload } = await jwtVerify(credential, keys, {
      currentDate: new Date(nowMs),
      issuer: options.issuer,
      audience: options.audience,
      algorithms,
      requiredClaims: ['exp'],
    }).catch((cause: unknown) => {
      throw refusal(cause);
    });
    const caller = callerOf(payload);
    // The oldest goes first; a map keeps the order in which its entries were made.
    const [oldest] = trusted.keys();
    if (oldest !== undefined && trusted.size >= trustedAtMost) trusted.delete(oldest);
    trusted.set(credential, { caller, untilMs: Math.min(nowMs + trustMs, (payload.exp ?? 0) * 1000) });
    return caller;
  };
}

function keySet(keys: AuthenticateOptions['keys']): JWTVerifyGetKey {
  try {
    // createLocalJWKSet checks the shape of the document itself.
    return 'url' in keys
      ? createRemoteJWKSet(new URL(keys.url))
      : createLocalJWKSet(JSON.parse(keys.document));
  } catch (cause) {
    throw new PolystoreError(
      'invalid_configuration',
      'The keys that check credentials are no JWKS document or address.',
      {
        cause,
      },
    );
  }
}

function callerOf(payload: JWTPayload): Caller {
  const { tenant, role, sub } = payload;
  const isOperator = role === 'operator';
  const isTenant =
    typeof tenant === 'string' &&
    tenant.length > 0 &&
    tenant.length <= 256 &&
    tenant.isWellFormed() &&
    !tenant.includes('\0');
  if (isOperator && tenant === undefined) {
    // What an operator does is audited, under a name.
    if (typeof sub !== 'string' || sub === '')
      throw forbidden("it is an operator's and names no subject (sub)");
    return { kind: 'operator', subject: sub };
  }
  if (isOperator) throw forbidden('it claims both a tenant and the role operator');
  if (role !== undefined) throw forbidden('it claims a role that is not operator');
  if (!isTenant)
    throw forbidden('it claims neither a tenant (a text of 1 to 256 characters) nor the role operator');
  return { kind: 'tenant', tenant, subject: sub ?? tenant };
}

const forbidden = (why: string): PolystoreError =>
  new PolystoreError(
    'forbidden',
    `The credential is valid, but ${why}. Ask its issuer for one that claims either.`,
  );

function refusal(cause: unknown): PolystoreError {
  const unreachable =
    cause instanceof errors.JWKSTimeout ||
    (cause instanceof errors.JOSEError && cause.code === 'ERR_JOSE_GENERIC');
  if (unreachable || !(cause instanceof errors.JOSEError))
    return new PolystoreError(
      'store_unavailable',
      'The keys that check credentials could not be fetched. Try again.',
      {
        cause,
      },
    );
  const why =
    cause instanceof errors.JWTExpired
      ? 'it has expired'
      : 'its signature, issuer, audience or form is not accepted';
  return new PolystoreError(
    'unauthenticated',
    `The credential is refused: ${why}. Get a new one from its issuer.`,
    {
      cause,
    },
  );
}
