import * as z from 'zod/mini';
import { PolystoreError } from '../errors.ts';
import { environmentNames as names } from '../model/index.ts';
import type { LocationOptions } from '../stores/archive/index.ts';
import type { InvokeOptions } from '../stores/remote-archive/index.ts';
import { type Environment, readVariables, requireLoopback, text } from './settings.ts';

const endpoint = z.optional(z.url({ protocol: /^https?$/, error: 'takes an http or https URL' }));

/** Where the archive lies. A folder is for a developer's machine: on Lambda it would be gone with the function. */
export function readArchive(env: Environment): LocationOptions {
  const variables = readVariables(env, {
    [names.archiveLocation]: z
      .string()
      .check(z.regex(/^(s3:\/\/[^/]+|file:\/\/\/)/, 'takes s3://bucket/prefix or file:///folder')),
    [names.s3Endpoint]: endpoint,
    AWS_REGION: text,
  });
  const location = variables[names.archiveLocation];
  const s3Endpoint = variables[names.s3Endpoint];
  if (location.startsWith('file:') && env.AWS_LAMBDA_RUNTIME_API !== undefined)
    throw new PolystoreError(
      'invalid_configuration',
      `${names.archiveLocation} is '${location}', a folder, and this is Lambda. Give it s3://bucket/prefix.`,
    );
  if (s3Endpoint !== undefined) requireLoopback([new URL(s3Endpoint).hostname], names.s3Endpoint, s3Endpoint);
  return { location, region: variables.AWS_REGION, s3Endpoint };
}

/** Which function reads the archive. */
export function readArchiveFunction(env: Environment): InvokeOptions {
  const variables = readVariables(env, {
    [names.archiveFunction]: text,
    [names.lambdaEndpoint]: endpoint,
    AWS_REGION: text,
  });
  return { functionName: variables[names.archiveFunction], ...whereInvoked(variables) };
}

/** Which function writes it; it may take as long as that has (lambda/model/functions.ts). */
export function readArchiveWriter(env: Environment): InvokeOptions {
  const variables = readVariables(env, {
    [names.archiveWriter]: text,
    [names.lambdaEndpoint]: endpoint,
    AWS_REGION: text,
  });
  return { functionName: variables[names.archiveWriter], ...whereInvoked(variables), timeoutMs: 310_000 };
}

function whereInvoked(variables: {
  readonly [names.lambdaEndpoint]?: string | undefined;
  readonly AWS_REGION: string;
}): Pick<InvokeOptions, 'region' | 'endpoint'> {
  const lambda = variables[names.lambdaEndpoint];
  if (lambda !== undefined) requireLoopback([new URL(lambda).hostname], names.lambdaEndpoint, lambda);
  return { region: variables.AWS_REGION, endpoint: lambda };
}
