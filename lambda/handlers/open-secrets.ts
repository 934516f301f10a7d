import type { Clock } from '../stores/store.ts';
import { once } from './open-later.ts';
import { createSecretReader, type ReadSecret } from './secrets.ts';

/** Reads secrets of the function's own region; what asks for them is loaded with the first. */
export function openSecrets(clock: Clock): ReadSecret {
  const open = once(async () => {
    const { createSecretFetch } = await import('./fetch-secret.ts');
    return createSecretFetch();
  });
  return createSecretReader(async (arn) => (await open())(arn), clock);
}
