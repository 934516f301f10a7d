import * as z from 'zod/mini';
import { PolystoreError } from '../errors.ts';
import type { Caller } from '../stores/store.ts';

/**
 * Says who asks, by the headers, or by what the front says beside the request (`env` of hono's context).
 * @throws PolystoreError `unauthenticated` or `forbidden`.
 */
export type Authenticate = (headers: Headers, env?: unknown) => Promise<Caller>;

/** As whom an IAM principal asks: as a tenant, or as an operator, for all of them. */
export type PrincipalGrant = { readonly tenant: string } | { readonly role: 'operator' };

/**
 * By the ARNs of roles and users, `arn:aws:iam::<account>:role/<name>`, without the paths of roles: what signs
 * is a session of a role, and its ARN has no path.
 */
export type Principals = ReadonlyMap<string, PrincipalGrant>;

const grant = z.union([
  z.strictObject({ tenant: z.string().check(z.minLength(1), z.maxLength(256)) }),
  z.strictObject({ role: z.literal('operator') }),
]);
const shape = z.record(
  z.string().check(z.regex(/^arn:[\w-]+:iam::\d{12}:(role\/[\w+=,.@-]+|user\/[\w+=,.@/-]+)$/)),
  grant,
);

/** @throws PolystoreError `invalid_configuration`, with what is wrong and never with what is right. */
export function parsePrincipals(text: string): Principals {
  const parsed = z.safeParse(shape, parseJson(text));
  if (parsed.success) return new Map(Object.entries(parsed.data));
  const where = parsed.error.issues.map(({ path }) => path.join('.') || 'the whole');
  throw new PolystoreError(
    'invalid_configuration',
    `The IAM principals are wrong at ${where.join(', ')}. They are a JSON object of ARNs of roles without a path (arn:aws:iam::<account>:role/<name>) or users, each with { "tenant": "…" } of 1 to 256 characters or { "role": "operator" }.`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Who asks, where a front may have verified a signature of IAM: then the principal alone decides, else the JWT
 * in the headers. A principal that no tenant was given to is refused, whatever the headers say.
 */
export function createCallerCheck(options: {
  /** Of the JWT in the headers. */
  readonly byCredential: (headers: Headers) => Promise<Caller>;
  readonly principals: Principals;
}): Authenticate {
  return async (headers, env) => {
    const principal = principalOf(env);
    if (principal === undefined) return options.byCredential(headers);
    const name = withoutSession(principal);
    const found = options.principals.get(name);
    if (found === undefined)
      throw new PolystoreError(
        'forbidden',
        `The signature is valid, but ${name} has no tenant here. Have it named in the environment's api.principals, or send a JWT.`,
      );
    return 'tenant' in found
      ? { kind: 'tenant', tenant: found.tenant, subject: principal }
      : { kind: 'operator', subject: principal };
  };
}

/** `arn:aws:sts::1:assumed-role/name/session` is a session of `arn:aws:iam::1:role/name`; a user is itself. */
function withoutSession(arn: string): string {
  const session = /^arn:([\w-]+):sts::(\d{12}):assumed-role\/([^/]+)\/[^/]+$/.exec(arn);
  return session === null ? arn : `arn:${session[1]}:iam::${session[2]}:role/${session[3]}`;
}

const verified = z.object({
  requestContext: z.object({ identity: z.object({ userArn: z.string().check(z.minLength(1)) }) }),
});

/**
 * The principal whose signature a REST API has verified, from what the front says beside the request and no
 * caller can write: null or absent on routes that take a JWT.
 *
 * @param env what hono's adapter of Lambda hands on; of other servers, which verify no signature, anything else
 */
function principalOf(env: unknown): string | undefined {
  const parsed = z.safeParse(verified, env);
  return parsed.success ? parsed.data.requestContext.identity.userArn : undefined;
}
