import { describe, expect, test } from '@jest/globals';
import { Match } from 'aws-cdk-lib/assertions';
import type { Environment } from '../../../lib/index.ts';
import { deploy, dev, templateOf } from '../deploy.ts';

const withRelational = (more: Partial<Environment['relational']>) =>
  deploy({ environment: { relational: { ...dev.relational, ...more } } });

describe('an environment may say of Aurora', () => {
  const deployed = withRelational({
    slowStatementMs: 250,
    workMemMib: 9,
    globalDatabase: { identifier: 'flights', regions: ['eu-west-1'] },
  });
  const template = templateOf(deployed, 'relational');

  test('from when on a statement is slow, and what a sort may take', () => {
    template.hasResourceProperties('AWS::RDS::DBClusterParameterGroup', {
      Parameters: Match.objectLike({ log_min_duration_statement: '250', work_mem: '9216' }),
    });
  });

  test('that it is the first of a global database', () => {
    template.hasResourceProperties('AWS::RDS::GlobalCluster', { GlobalClusterIdentifier: 'flights' });
  });
});

test('all that is wrong with it is told at once', () => {
  const build = () =>
    withRelational({
      slowStatementMs: 0,
      workMemMib: 0,
      globalDatabase: { identifier: 'Flights', regions: [] },
    });

  expect(build).toThrow(/4 problem\(s\)/);
  for (const what of ['slowStatement', 'workMemMib', 'global.identifier', 'global.regions'])
    expect(build).toThrow(what);
});
