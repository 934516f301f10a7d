import type { AuroraCredentials } from '../stores/aurora/index.ts';
import { type ReadSecret, readPassword } from './secrets.ts';
import { type AuroraSettings, type Environment, readAurora } from './settings.ts';

/** How to reach Aurora, with a password that is read from its secret where there is one. */
export function readAuroraConnection(
  env: Environment,
  readSecret: ReadSecret,
): Pick<AuroraSettings, 'writer' | 'replicas'> & AuroraCredentials {
  const { secretArn, tls, ...connection } = readAurora(env);
  return {
    ...connection,
    tls: tls ? 'verify' : 'disable',
    ...(secretArn !== undefined && { password: () => readPassword(readSecret, secretArn) }),
  };
}
