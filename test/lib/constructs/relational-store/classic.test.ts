import { describe, expect, jest, test } from '@jest/globals';
import { Template } from 'aws-cdk-lib/assertions';
import { classic } from '../../../../lib/index.ts';
import { storeAlone, warningsOf } from './alone.ts';

describe('the classic roles on Aurora', () => {
  const stack = storeAlone(classic);
  const template = Template.fromStack(stack);

  test('are a writer of 256 GiB, and readers of 128, 384 and 512', () => {
    const found = Object.values(template.findResources('AWS::RDS::DBInstance')).map(({ Properties }) => [
      Properties.DBInstanceClass,
      Properties.PromotionTier,
    ]);

    expect(found.sort()).toEqual([
      ['db.r8g.12xlarge', 1],
      ['db.r8g.16xlarge', 2],
      ['db.r8g.4xlarge', 15],
      ['db.r8g.8xlarge', 0],
    ]);
  });

  test('have an endpoint and parameters each', () => {
    template.resourceCountIs('AWS::RDS::DBClusterEndpoint', 3);
    template.resourceCountIs('AWS::RDS::DBParameterGroup', 3);
  });

  test('fit their memory, and have a successor no smaller than the writer', () => {
    expect(warningsOf(stack)).toEqual([]);
  });

  test('are warned of when a smaller one would be promoted first', () => {
    jest.spyOn(console, 'error').mockReturnValue(undefined);
    const dashboard = { ...classic.workloadReaders.dashboard, promotionTier: 0 };

    const found = warningsOf(
      storeAlone({ ...classic, workloadReaders: { ...classic.workloadReaders, dashboard } }),
    );

    expect(found).toEqual([expect.stringMatching('do not have the same InstanceSize as the writer')]);
  });
});
