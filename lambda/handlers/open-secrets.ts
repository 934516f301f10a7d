import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Clock } from '../stores/store.ts';
import { createSecretReader, type ReadSecret } from './secrets.ts';

/** Reads secrets of the function's own region. */
export const openSecrets = (clock: Clock): ReadSecret =>
  createSecretReader(new SecretsManagerClient({}), clock);
