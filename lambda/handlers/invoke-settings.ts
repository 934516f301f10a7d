import { environmentNames as names } from '../model/index.ts';
import type { InvokeOptions } from '../stores/invoke/index.ts';
import { type Environment, optionalEndpoint, readVariables, requireLoopback, text } from './settings.ts';

/** Which function reads the archive. */
export const readArchiveFunction = (env: Environment): InvokeOptions => ({
  functionName: readVariables(env, { [names.archiveFunction]: text })[names.archiveFunction],
  ...readLambda(env),
});

/** Which function writes it; it may take as long as that has (lambda/model/functions.ts). */
export const readArchiveWriter = (env: Environment): InvokeOptions => ({
  functionName: readVariables(env, { [names.archiveWriter]: text })[names.archiveWriter],
  ...readLambda(env),
  timeoutMs: 310_000,
});

/** Which function combines several stores. */
export const readCombineFunction = (env: Environment): InvokeOptions => ({
  functionName: readVariables(env, { [names.combineFunction]: text })[names.combineFunction],
  ...readLambda(env),
});

function readLambda(env: Environment): Pick<InvokeOptions, 'region' | 'endpoint'> {
  const variables = readVariables(env, { [names.lambdaEndpoint]: optionalEndpoint, AWS_REGION: text });
  const endpoint = variables[names.lambdaEndpoint];
  if (endpoint !== undefined) requireLoopback([new URL(endpoint).hostname], names.lambdaEndpoint, endpoint);
  return { region: variables.AWS_REGION, endpoint };
}
