import type { AcceptedFinding } from '../accept-finding.ts';

const because = (finding: RegExp, reason: string): AcceptedFinding => ({
  rule: 'AwsSolutions-IAM5',
  finding,
  reason,
});

/** What checkov finds of every function, and why it stands. */
export const acceptedOfFunctions: readonly AcceptedFinding[] = [
  {
    rule: 'CKV_AWS_111',
    reason:
      'Network interfaces of the VPC, for the service to join the function to it: the actions know no resource, and are denied to the code.',
  },
  {
    rule: 'CKV_AWS_115',
    reason:
      'Nothing is reserved for it: the API bounds who asks, each caller of read-archive waits for one answer, and the shards of a stream come with the table.',
    resource: /\/(schema|query|ingest|authorize|capture|read-archive)\/Function\//,
  },
  {
    rule: 'CKV_AWS_116',
    reason:
      'None is invoked asynchronously but by the clock, which comes again by itself: streams and topics try again until it is done, and who asks gets the error.',
  },
  {
    rule: 'CKV_AWS_117',
    reason: "It fetches an issuer's keys at most, and reaches nothing in the VPC.",
    resource: /\/authorize\/Function\//,
  },
  {
    rule: 'CKV_AWS_173',
    reason:
      'No variable is a secret: they name stores and the ARNs of secrets. Lambda encrypts them with a key of its own.',
  },
];

/** The wildcards in the rights of functions, each with what bounds it. `test/lib/constructs/permissions.test.ts` holds the rights themselves. */
export const acceptedWildcards: readonly AcceptedFinding[] = [
  because(
    /^Resource::\*$/,
    'Actions that know no resource: network interfaces of the VPC (denied to the code), where pollers are put, traces of X-Ray.',
  ),
  because(
    /^Action::kms:(GenerateDataKey|ReEncrypt)\*$/,
    'Two forms of either action that DynamoDB and Keyspaces ask for; of one key, and only as that service uses it.',
  ),
  because(
    /^Resource::<.+>\/\w[\w/-]*\/\*$/,
    'Objects of the archive, below its prefix: their names are days and positions.',
  ),
  because(/^Resource::<.+>\/index\/\*$/, 'Indexes of the one table, which the model adds and removes.'),
  because(
    /^Resource::<.+>\/stream\/\*$/,
    'The stream of the one table; its name is a time that changes when it is switched on anew.',
  ),
  because(
    /:\/keyspace\/system\*$/,
    'What Cassandra drivers read of nodes and columns; it holds no rows of ours.',
  ),
  because(
    /:\/keyspace\/.+__\*$/,
    'Tables in which views are built anew: made by the function, so named as it makes them.',
  ),
  because(
    /^Resource::arn:.+:es:.+:domain\/[^/]+\/.*\*/,
    'Paths of the indices of this model in the one domain; builds and days of a view are indices of their own.',
  ),
  because(
    /:topic\/.+\.changes\.\*$/,
    'The topics of this model in the one cluster, which the schema function makes.',
  ),
];
