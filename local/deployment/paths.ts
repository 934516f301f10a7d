import { isAbsolute, join } from 'node:path';

/**
 * Where a run keeps its data, logs and keys: `.polystore/run/default`, or the folder that
 * `POLYSTORE_STATE` names (relative to the project).
 */
export function chooseStateDir(root: string, environment: NodeJS.ProcessEnv): string {
  const named = environment['POLYSTORE_STATE'];
  if (named === undefined || named === '') return join(root, '.polystore', 'run', 'default');
  return isAbsolute(named) ? named : join(root, named);
}
