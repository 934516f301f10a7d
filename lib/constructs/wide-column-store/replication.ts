import { Aws } from 'aws-cdk-lib';
import type * as cassandra from 'aws-cdk-lib/aws-cassandra';
import type { Problems } from '../../../lambda/model/problems.ts';
import { checkRegions } from '../regions.ts';

/**
 * Other regions that have a copy of every row, each behind by what the way takes. Polystore writes in the
 * stack's own region alone: what it compares and sets (rollups, what is known of views) Keyspaces compares
 * within one region. Others may read there.
 *
 * Keyspaces asks for two things then, and both are for good: the key is AWS's own, and each write carries
 * its client's time, of which the latest wins. Views stand that, since a version is another row; it has not
 * been tried on an account. A keyspace that is there in one region is not made one of several by
 * CloudFormation, so decide before the first deployment.
 *
 * Source: docs.aws.amazon.com/keyspaces/latest/devguide/multiRegion-replication_usage-notes.html.
 */
export interface WideColumnReplication {
  /** Beside the stack's own: 1 to 5. */
  readonly regions: readonly string[];
  /** Says that rows are not encrypted by a key of your own, which Keyspaces does not do across regions. */
  readonly encryption: 'aws-owned';
}

/** CloudFormation's own bound is 6, with the stack's region. */
const mostRegions = 5;

export function checkReplication({ regions, encryption }: WideColumnReplication, problems: Problems): void {
  checkRegions('replication.regions', regions, problems);
  if (regions.length < 1 || regions.length > mostRegions)
    problems.add(
      'replication.regions',
      `are ${regions.length}`,
      `name 1 to ${mostRegions}, or leave replication out`,
    );
  const without = regions.filter((region) => /^(cn|us-gov|us-iso)/.test(region));
  if (without.length > 0)
    problems.add(
      'replication.regions',
      `name ${without.join(', ')}, where Keyspaces does not replicate`,
      'name other regions',
    );
  // A caller without types may say anything.
  if ((encryption as string) !== 'aws-owned')
    problems.add(
      'replication.encryption',
      `is '${String(encryption)}', and Keyspaces encrypts rows of several regions with its own key only`,
      "say 'aws-owned', or stay in one region",
    );
}

export const renderReplication = (
  replication: WideColumnReplication | undefined,
): cassandra.CfnKeyspace.ReplicationSpecificationProperty =>
  replication === undefined
    ? { replicationStrategy: 'SINGLE_REGION' }
    : { replicationStrategy: 'MULTI_REGION', regionList: [Aws.REGION, ...replication.regions] };
