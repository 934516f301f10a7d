import { join } from 'node:path';
import { setUpPythonPackages } from '../../local/setup/index.ts';
import { runTool } from '../../local/setup/run-tool.ts';

/** W3005 is about every `DependsOn` that the CDK writes beside a reference. */
const ignored = ['W3005'] as const;

/** Fetches cfn-lint, once; gives the folder of its packages. @throws PolystoreError as `setUpPythonPackages` */
export const setUpCfnLint = (root: string): Promise<string> =>
  setUpPythonPackages({
    root,
    name: 'cfn-lint',
    requirements: join(import.meta.dirname, 'cfn-lint-requirements.txt'),
    neededFor: 'checking the templates',
    leastPythonMinor: 11,
  });

/**
 * What cfn-lint finds in templates, `template:line:column:…:rule:message` each.
 * @param packages where it is.
 */
export async function findByCfnLint(
  packages: string,
  templates: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<readonly string[]> {
  return runTool({
    step: 'cfn-lint',
    command: 'python3',
    args: [
      // As its own script does, which pip writes for one place only.
      ...['-c', 'import sys; from cfnlint.runner import main; sys.exit(main())'],
      ...['--format', 'parseable', '--non-zero-exit-code', 'none', '--ignore-checks', ...ignored],
      ...['--', ...templates],
    ],
    environment: { ...environment, PYTHONPATH: packages },
    remedy: 'Look at what cfn-lint says above.',
  });
}
