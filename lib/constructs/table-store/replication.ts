import { Lazy, Stack, Token } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type { Problems } from '../../../lambda/model/problems.ts';
import { checkRegions } from '../regions.ts';

/** A copy of the table in another region. */
export interface TableReplica {
  readonly region: string;
  /** A key of that region: a table that is encrypted by a key of yours has one in each. */
  readonly keyArn: string;
}

/**
 * Copies of the entities' table in other regions.
 *
 * `eventual`: what is written in one region is in the others about a second later, and of two writes of one
 * item the later one wins, whatever its condition was. So **each key has one home region**, in which alone it
 * is written; versions, tokens and consistent reads hold there and nowhere else. Capture runs in one region:
 * every copy has a stream of all changes.
 *
 * `strong`: a write is in two regions before it is acknowledged, and a consistent read sees it from each.
 * AWS makes it for new, empty tables in three regions of one group (one of them may be a witness that
 * nobody can read), without local indexes, without expiry and without transactions. So tombstones stay until
 * they are swept, and Polystore's inserts of several rows by one statement, which are transactions, are
 * refused by DynamoDB.
 *
 * Source: docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html.
 */
export type TableReplication =
  | { readonly consistency: 'eventual'; readonly replicas: readonly TableReplica[] }
  | {
      readonly consistency: 'strong';
      /** Two, or one and a witness. */
      readonly replicas: readonly TableReplica[];
      readonly witness?: string;
      /** Says that nothing expires. */
      readonly timeToLive: 'off';
    };

/** The groups of regions that strong consistency spans. */
const groups: readonly (readonly string[])[] = [
  ['us-east-1', 'us-east-2', 'us-west-2'],
  ['ap-northeast-1', 'ap-northeast-2', 'ap-northeast-3'],
  ['eu-west-1', 'eu-west-2', 'eu-west-3', 'eu-central-1'],
];

/** @param home the stack's region, which may be known at deploy time only. */
export function checkReplication(
  replication: TableReplication,
  { home, localIndexes }: { readonly home: string; readonly localIndexes: readonly string[] },
  problems: Problems,
): void {
  const { replicas } = replication;
  const others = replicas.map(({ region }) => region);
  const witness = replication.consistency === 'strong' ? replication.witness : undefined;
  const all = [
    ...(Token.isUnresolved(home) ? [] : [home]),
    ...others,
    ...(witness === undefined ? [] : [witness]),
  ];
  checkRegions('replication', all, problems);
  for (const { region, keyArn } of replicas)
    if (!Token.isUnresolved(keyArn) && !new RegExp(`^arn:[a-z-]+:kms:${region}:\\d{12}:key/`).test(keyArn))
      problems.add(
        `replication.replicas.${region}.keyArn`,
        `is '${keyArn}'`,
        `give the ARN of a key in ${region}: arn:aws:kms:${region}:<account>:key/<id>`,
      );
  if (replication.consistency === 'eventual') {
    if (replicas.length === 0)
      problems.add('replication.replicas', 'are none', 'name a region, or leave replication out');
    return;
  }
  if (replicas.length + (witness === undefined ? 0 : 1) !== 2 || replicas.length === 0)
    problems.add(
      'replication',
      `is of ${replicas.length} replica(s) and ${witness === undefined ? 'no' : 'a'} witness`,
      'strong consistency takes three regions with the own one: name two replicas, or one and a witness',
    );
  if (!groups.some((group) => all.every((region) => group.includes(region))))
    problems.add(
      'replication',
      `is over ${all.join(', ')}, which strong consistency does not span`,
      `use regions of one group: ${groups.map((group) => group.join(', ')).join('; ')}`,
    );
  if (localIndexes.length > 0)
    problems.add(
      'replication.consistency',
      `is strong, and the table has local indexes (${localIndexes.join(', ')})`,
      "AWS takes none there: use indexes in the model, or 'eventual'",
    );
  // A caller without types may say anything.
  if ((replication.timeToLive as string) !== 'off')
    problems.add(
      'replication.timeToLive',
      `is '${String(replication.timeToLive)}', and nothing expires in a table of strong consistency`,
      "say 'off' and sweep tombstones, or use 'eventual'",
    );
}

/**
 * Puts the copies beside the table's own replica, each set up as that one is. `TableV2` has a prop for
 * them that refuses a stack whose region is not known at synth, as ours are.
 */
export function replicate(table: dynamodb.TableV2, replication: TableReplication): void {
  const resource = table.node.defaultChild;
  if (!(resource instanceof dynamodb.CfnGlobalTable))
    throw new TypeError('a TableV2 is made of a CfnGlobalTable');
  const ownAlone = resource.replicas;
  resource.replicas = Lazy.any({
    produce: () => {
      // `TableV2` renders a list of one.
      const [own] = Stack.of(table).resolve(ownAlone) as [
        dynamodb.CfnGlobalTable.ReplicaSpecificationProperty,
      ];
      return [
        own,
        ...replication.replicas.map(({ region, keyArn }) => ({
          ...own,
          region,
          sseSpecification: { kmsMasterKeyId: keyArn },
        })),
      ];
    },
  });
  if (replication.consistency === 'eventual') return;
  resource.addPropertyOverride('MultiRegionConsistency', 'STRONG');
  if (replication.witness !== undefined)
    resource.addPropertyOverride('GlobalTableWitnesses', [{ Region: replication.witness }]);
}
