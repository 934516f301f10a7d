import { createAuthenticator } from '../query/authenticate.ts';
import { type Authenticate, createCallerCheck } from '../query/principals.ts';
import { type Environment, readIdentity, readPrincipals } from './settings.ts';

/** Says who asks; credentials run by the machine's clock, also where another one stands still. */
export const openCallers = (env: Environment): Authenticate =>
  createCallerCheck({
    byCredential: createAuthenticator({ ...readIdentity(env), clock: Date.now }),
    principals: readPrincipals(env),
  });
