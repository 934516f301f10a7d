import { PolystoreError } from '../../lambda/errors.ts';
import { dev } from './dev.ts';
import type { Environment } from './environment.ts';
import { prod } from './prod.ts';
import { staging } from './staging.ts';

/** Every environment, by name. A new one is a file beside these and a line here. */
export const environments: Readonly<Record<string, Environment>> = { dev, staging, prod };

/**
 * The environment that `-c env=<name>` names.
 * @throws PolystoreError `invalid_configuration` that lists the names there are.
 */
export function selectEnvironment(name: unknown): Environment {
  const known = Object.keys(environments);
  const found =
    typeof name === 'string' && Object.hasOwn(environments, name) ? environments[name] : undefined;
  if (found !== undefined) return found;
  const received = name === undefined ? 'none was given' : `got '${String(name)}'`;
  throw new PolystoreError(
    'invalid_configuration',
    `Which environment? ${received}; there are: ${known.join(', ')}. Pass one, as in: npx cdk synth -c env=${known[0]}`,
    { details: { known } },
  );
}
