import type { Problems } from '../../../lambda/model/problems.ts';
import type { FunctionSettings } from './settings.ts';

/** What signs is a session of a role, and its ARN has no path. */
const principal = /^arn:[\w-]+:iam::\d{12}:(role\/[\w+=,.@-]+|user\/[\w+=,.@/-]+)$/;

/** Characters of all of them in a variable: those of a Lambda function have 4 KB together. */
const mostCharacters = 2_048;

/** What the functions would refuse when they start is refused at synth. */
export function checkPrincipals({ front, principals = {} }: FunctionSettings, problems: Problems): void {
  const entries = Object.entries(principals);
  if (entries.length > 0 && front !== 'rest')
    problems.add('api.principals', 'are given, and this front verifies no signature', "use front: 'rest'");
  for (const [arn, grant] of entries) {
    if (!principal.test(arn))
      problems.add(
        `api.principals['${arn}']`,
        'is no role or user',
        'use arn:aws:iam::<account>:role/<name>, without the path of a role, or the ARN of a user',
      );
    if ('tenant' in grant && (grant.tenant === '' || grant.tenant.length > 256))
      problems.add(
        `api.principals['${arn}'].tenant`,
        `has ${grant.tenant.length} characters`,
        'use 1 to 256',
      );
  }
  const { length } = JSON.stringify(principals);
  if (length > mostCharacters)
    problems.add(
      'api.principals',
      `have ${length} characters as JSON`,
      `use at most ${mostCharacters}; many callers are better told apart by JWTs`,
    );
}
