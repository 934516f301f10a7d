import { isAbsolute, join } from 'node:path';
import { PolystoreError } from '../../lambda/errors.ts';
import { environmentNames } from '../../lambda/model/index.ts';

/** What the environment of a person's shell may say about a run on this machine. */

const usualApiPort = 8787;
export const usualGeneration = 1;

/**
 * Where a run keeps its data, logs and keys: `.polystore/run/default`, or the folder that
 * `POLYSTORE_STATE` names (relative to the project).
 */
export function chooseStateDir(root: string, environment: NodeJS.ProcessEnv): string {
  const named = environment.POLYSTORE_STATE;
  if (named === undefined || named === '') return join(root, '.polystore', 'run', 'default');
  return isAbsolute(named) ? named : join(root, named);
}

/**
 * The generation that changes are captured with: 1, or `POLYSTORE_GENERATION`.
 * @throws `invalid_configuration` for what is no whole number from 0 to 127.
 */
export function chooseGeneration(environment: NodeJS.ProcessEnv): number {
  const text = environment[environmentNames.generation];
  if (text === undefined || text === '') return usualGeneration;
  if (/^\d{1,3}$/.test(text) && Number(text) <= 127) return Number(text);
  throw new PolystoreError(
    'invalid_configuration',
    `${environmentNames.generation} is "${text}"; a generation is a whole number from 0 to 127.`,
  );
}

/** The API's port: 8787, or `POLYSTORE_PORT_API`. @throws `invalid_configuration` for what is no port. */
export function chooseApiPort(environment: NodeJS.ProcessEnv): number {
  const text = environment.POLYSTORE_PORT_API;
  if (text === undefined || text === '') return usualApiPort;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new PolystoreError(
    'invalid_configuration',
    `POLYSTORE_PORT_API is "${text}"; a port is a whole number from 1 to 65535.`,
  );
}
