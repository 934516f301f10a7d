import { RemovalPolicy } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { PolystoreError } from '../../lambda/errors.ts';
import { Problems } from '../../lambda/model/problems.ts';

/** What every construct that holds data takes. */
export interface StatefulProps {
  /**
   * What becomes of the data when the construct leaves the stack.
   * @default - kept: RETAIN, or SNAPSHOT where the service can take a last one
   */
  readonly removalPolicy?: RemovalPolicy;
  /**
   * Refuses deletion by the service's own API. To destroy data it has to be switched off beside
   * `removalPolicy: DESTROY`: two consents, so that one slip of the pen loses nothing.
   * @default true
   */
  readonly deletionProtection?: boolean;
}

/**
 * Runs the checks of a construct's props and fails once, with all that is wrong.
 * @throws PolystoreError `invalid_configuration`.
 */
export function refuseProblems(scope: Construct, check: (problems: Problems) => void): void {
  const problems = new Problems();
  check(problems);
  if (problems.all.length === 0) return;
  throw new PolystoreError(
    'invalid_configuration',
    `${scope.node.path} has ${problems.all.length} problem(s):\n${problems.all.map((line) => `  - ${line}`).join('\n')}`,
    { details: { problems: problems.all } },
  );
}

/** The check of {@link StatefulProps} that all stores share. */
export function checkStateful(props: StatefulProps, problems: Problems): void {
  if (props.removalPolicy === RemovalPolicy.DESTROY && props.deletionProtection !== false) {
    problems.add(
      'removalPolicy',
      'is DESTROY while deletionProtection is on',
      'set deletionProtection: false too if the data may be destroyed, or leave removalPolicy out',
    );
  }
}
