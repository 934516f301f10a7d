import { PolystoreError } from '../../lambda/errors.ts';
import { type EnvironmentName, environmentNames as names } from '../../lambda/model/index.ts';
import { Problems } from '../../lambda/model/problems.ts';
import type { Environment, Identity, Variables } from './environment.ts';

const known: readonly string[] = Object.values(names);

/** An environment as context changed it. */
export interface Overridden {
  readonly environment: Environment;
  /** The variables that context gave, in its order. */
  readonly names: readonly EnvironmentName[];
}

/**
 * Puts what context says about the functions' variables in the place of what the environment's file and
 * the stacks say: `-c POLYSTORE_REDIS_TLS=off`. Every variable of `lambda/model/environment.ts` can be
 * given, but for secrets, which no template holds; who may issue credentials changes the API's authorizer
 * with the functions. What may only be left out on loopback is still refused by the functions elsewhere.
 *
 * @param context every context value of the app; keys that do not begin with POLYSTORE_ are others' own
 * @throws PolystoreError `invalid_configuration` that lists all that is wrong: an environment that allows
 * no overrides, a name that no function reads, a value that is no text or holds a secret.
 */
export function overrideEnvironment(
  environment: Environment,
  context: Readonly<Record<string, unknown>>,
): Overridden {
  const given = Object.entries(context).filter(([key]) => /^polystore_/i.test(key));
  if (given.length === 0) return { environment, names: [] };
  if (!environment.allowOverrides)
    throw new PolystoreError(
      'invalid_configuration',
      `The context gives ${given.map(([key]) => key).join(', ')}, but the environment '${environment.name}' takes nothing from context; change lib/environments/${environment.name}.ts, or leave them out`,
    );
  const values = parseValues(given);
  const generation = values[names.generation];
  return {
    environment: {
      ...environment,
      functions: {
        ...environment.functions,
        ...(generation === undefined ? {} : { generation: Number(generation) }),
        variables: {
          ...environment.functions.variables,
          ...Object.fromEntries(Object.entries(values).filter(([name]) => !hasFieldOfItsOwn.has(name))),
        },
      },
      api: { ...environment.api, identity: overrideIdentity(environment.api.identity, values) },
    },
    // `parseValues` lets no other name through.
    names: Object.keys(values) as EnvironmentName[],
  };
}

/** What the environment says elsewhere, because more than the functions' variables follows from it. */
const hasFieldOfItsOwn: ReadonlySet<string> = new Set([
  names.generation,
  names.jwtIssuer,
  names.jwtAudience,
  names.jwks,
  names.jwksUrl,
]);

function parseValues(given: readonly (readonly [string, unknown])[]): Variables {
  const problems = new Problems();
  for (const [key, value] of given) {
    if (!known.includes(key)) problems.add(key, 'is read by no function', `use one of ${known.join(', ')}`);
    else if (typeof value !== 'string' || value === '')
      problems.add(key, `is ${JSON.stringify(value)}`, 'give it some text, or leave it out');
    else if (key.endsWith('_SECRET') && !value.startsWith('arn:'))
      problems.add(
        key,
        'is no ARN, and a template must not hold a secret',
        'put it into Secrets Manager and give the ARN',
      );
  }
  if (problems.all.length > 0)
    throw new PolystoreError(
      'invalid_configuration',
      `The context has ${problems.all.length} problem(s):\n${problems.all.map((line) => `  - ${line}`).join('\n')}`,
      { details: { problems: problems.all } },
    );
  // Each key was found among the names, each value to be text.
  return Object.fromEntries(given) as Variables;
}

function overrideIdentity(identity: Identity, values: Variables): Identity {
  const { [names.jwks]: document, [names.jwksUrl]: url } = values;
  const { issuer, audience, keys } = identity;
  if (document !== undefined && url !== undefined)
    throw new PolystoreError(
      'invalid_configuration',
      `The context gives both ${names.jwks} and ${names.jwksUrl}; the issuer's keys are a document or have an address: leave one out`,
    );
  return {
    issuer: values[names.jwtIssuer] ?? issuer,
    audience: values[names.jwtAudience] ?? audience,
    keys:
      document !== undefined
        ? { kind: 'document', document }
        : url !== undefined
          ? { kind: 'url', url }
          : keys,
  };
}
