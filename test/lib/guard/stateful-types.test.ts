import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { notCounted, runbooks, statefulTypes } from '../../../lib/guard/index.ts';
import { deploy, everything, root, templateOf } from '../deploy.ts';

/** The CDK's specification of resources, as `cloudformation-diff` reads it. */
const require = createRequire(
  createRequire(import.meta.url).resolve('@aws-cdk/cloudformation-diff/package.json'),
);
const specification = require('@aws-cdk/aws-service-spec') as {
  // Its documented shape, as far as it is read here.
  loadAwsServiceSpecSync(): {
    all(kind: 'resource'): Iterable<{ readonly cloudFormationType: string; readonly isStateful?: boolean }>;
  };
};
const specified = [...specification.loadAwsServiceSpecSync().all('resource')];

describe('stateful types', () => {
  test('are types of the specification', () => {
    const names = specified.map(({ cloudFormationType }) => cloudFormationType);

    expect(Object.keys(statefulTypes).filter((type) => !names.includes(type))).toEqual([]);
  });

  test('are all that the specification calls so, but for those with a reason', () => {
    const called = specified.filter(({ isStateful }) => isStateful).map((type) => type.cloudFormationType);

    expect(called.length).toBeGreaterThan(20);
    expect(called.filter((type) => !(type in statefulTypes) && !(type in notCounted))).toEqual([]);
    expect(Object.keys(notCounted).filter((type) => type in statefulTypes)).toEqual([]);
  });

  test('hold everything that a deployment keeps when it is destroyed', () => {
    const deployed = deploy({ catalog: everything });

    const kept = deployed.parts.flatMap((part) =>
      Object.values<{ readonly Type: string; readonly DeletionPolicy?: string }>(
        templateOf(deployed, part).toJSON().Resources,
      )
        .filter(({ DeletionPolicy }) => DeletionPolicy === 'Retain' || DeletionPolicy === 'Snapshot')
        .map(({ Type }) => Type),
    );

    expect(kept.length).toBeGreaterThan(10);
    expect(kept.filter((type) => !(type in statefulTypes) && !(type in notCounted))).toEqual([]);
  });

  test('have a runbook each', () => {
    for (const name of runbooks)
      expect([name, existsSync(join(root, 'docs', 'runbooks', `${name}.md`))]).toEqual([name, true]);
    expect(
      runbooks.filter((name) => !Object.values(statefulTypes).some(({ runbook }) => runbook === name)),
    ).toEqual([]);
  });
});
