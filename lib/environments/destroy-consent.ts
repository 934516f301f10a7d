import { PolystoreError } from '../../lambda/errors.ts';
import type { Environment } from './environment.ts';

/**
 * Whether this synth may produce stores that are destroyed with their stack. It takes two consents that
 * are far apart: `allowDestroy` in the environment's file, reviewed with the code, and
 * `-c destroy=<environment>` on the command line of the person who does it.
 *
 * @param consent the context value `destroy`
 * @throws PolystoreError `invalid_configuration` when the consent names another environment, or one
 * whose file does not allow it: better to stop than to retain what was meant to go.
 */
export function decideDestroy(environment: Environment, consent: unknown): boolean {
  if (consent === undefined) return false;
  if (consent !== environment.name) {
    throw new PolystoreError(
      'invalid_configuration',
      `The context 'destroy' is '${String(consent)}', but the environment is '${environment.name}'; to destroy its data pass -c destroy=${environment.name}, to keep it pass none`,
    );
  }
  if (!environment.allowDestroy) {
    throw new PolystoreError(
      'invalid_configuration',
      `The environment '${environment.name}' does not allow its data to be destroyed; set allowDestroy in lib/environments/${environment.name}.ts first, or leave out -c destroy`,
    );
  }
  return true;
}
