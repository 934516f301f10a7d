import * as z from 'zod/mini';
import { PolystoreError } from '../errors.ts';
import { environmentNames as names } from '../model/index.ts';
import type { LocationOptions } from '../stores/archive/index.ts';
import { type Environment, optionalEndpoint, readVariables, requireLoopback, text } from './settings.ts';

/** Where the archive lies. A folder is for a developer's machine: on Lambda it would be gone with the function. */
export function readArchive(env: Environment): LocationOptions {
  const variables = readVariables(env, {
    [names.archiveLocation]: z
      .string()
      .check(z.regex(/^(s3:\/\/[^/]+|file:\/\/\/)/, 'takes s3://bucket/prefix or file:///folder')),
    [names.s3Endpoint]: optionalEndpoint,
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
