import { createAuthenticator } from '../query/authenticate.ts';
import { createAuthorizer } from '../query/authorize.ts';
import { readIdentity } from './settings.ts';

/** A JWT → whether the REST API lets its caller in. */
export const handler = createAuthorizer(
  createAuthenticator({ ...readIdentity(process.env), clock: Date.now }),
);
