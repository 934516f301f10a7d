import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What of a template is read here. */
interface Template {
  readonly Resources: Readonly<
    Record<
      string,
      {
        readonly Type: string;
        readonly Properties?: {
          readonly PolicyDocument?: { Statement: { Action: string | string[] }[] };
        };
      }
    >
  >;
}

/**
 * Copies a cloud assembly in which one policy lacks an action. The CDK publishes a template under the hash of its text, which
 * three files name.
 *
 * @returns the copy's folder
 */
export function withoutRight(
  assembly: string,
  change: { readonly to: string; readonly stack: string; readonly policy: RegExp; readonly action: string },
): string {
  const { to, stack, policy, action } = change;
  cpSync(assembly, to, { recursive: true });
  const file = join(to, `${stack}.template.json`);
  const before = readFileSync(file, 'utf8');
  // CloudFormation's own form, of which this is a part.
  const template = JSON.parse(before) as Template;
  let taken = 0;
  for (const [id, { Type: type, Properties: properties }] of Object.entries(template.Resources))
    if (type === 'AWS::IAM::Policy' && policy.test(id))
      for (const statement of properties?.PolicyDocument?.Statement ?? []) {
        const actions = [statement.Action].flat();
        if (!actions.includes(action)) continue;
        statement.Action = actions.filter((each) => each !== action);
        taken += 1;
      }
  assert.ok(taken > 0, `no policy of ${stack} that is called ${policy} has ${action}`);
  const after = JSON.stringify(template, null, 1);
  writeFileSync(file, after);
  const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
  for (const name of [`${stack}.assets.json`, 'manifest.json']) {
    const path = join(to, name);
    const text = readFileSync(path, 'utf8');
    assert.ok(text.includes(hashOf(before)), `${name} does not name the template by its hash`);
    writeFileSync(path, text.replaceAll(hashOf(before), hashOf(after)));
  }
  return to;
}
