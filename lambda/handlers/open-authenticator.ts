import * as z from 'zod/mini';
import { PolystoreError } from '../errors.ts';
import { environmentNames as names } from '../model/index.ts';
import { createAuthenticator } from '../query/authenticate.ts';
import type { Caller } from '../stores/store.ts';
import { type Environment, readVariables, text } from './settings.ts';

/** Checks credentials by the issuer, the audience and the keys that the environment names. */
export function openAuthenticator(env: Environment): (headers: Headers) => Promise<Caller> {
  const variables = readVariables(env, {
    [names.jwtIssuer]: text,
    [names.jwtAudience]: text,
    [names.jwks]: z.optional(text),
    [names.jwksUrl]: z.optional(z.url('takes a URL')),
  });
  const document = variables[names.jwks];
  const url = variables[names.jwksUrl];
  const keys = document !== undefined ? { document } : url !== undefined ? { url } : undefined;
  if (keys === undefined)
    throw new PolystoreError(
      'invalid_configuration',
      `Neither ${names.jwks} nor ${names.jwksUrl} is set; one of them says which keys check credentials.`,
    );
  return createAuthenticator({
    issuer: variables[names.jwtIssuer],
    audience: variables[names.jwtAudience],
    keys,
  });
}
