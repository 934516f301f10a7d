import type { CfnResource } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as rds from 'aws-cdk-lib/aws-rds';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { Problems } from '../../../lambda/model/problems.ts';

/**
 * A cluster's part in an Aurora Global Database: one region writes, the others follow within about a second and can be
 * promoted. Only the primary is captured: a replication slot does not come along, so a promotion needs a
 * higher generation (docs/relational.md).
 *
 * RDS manages no password of such a cluster (docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-secrets-manager.html,
 * Limitations), so the primary makes a secret of its own, which nobody rotates until you say so:
 * `store.cluster.addRotationSingleUser()`.
 */
export type GlobalRole =
  | {
      readonly kind: 'primary';
      /** Name of the global database, in lower case; unique in the account. */
      readonly identifier: string;
      /** Where else the password can be read: the regions of the secondaries. */
      readonly regions: readonly string[];
    }
  | {
      readonly kind: 'secondary';
      readonly identifier: string;
      /** The copy, in this region, of the primary's secret. */
      readonly secret: secretsmanager.ISecret;
    };

/** docs.aws.amazon.com/AWSCloudFormation, AWS::RDS::GlobalCluster; …/aurora-global-database.html: ten secondaries. */
const limits = { identifier: /^[a-z](?:-?[a-z0-9]){0,62}$/, secondaries: 10 } as const;

export function checkGlobal(role: GlobalRole, problems: Problems): void {
  if (!limits.identifier.test(role.identifier))
    problems.add(
      'global.identifier',
      `is '${role.identifier}'`,
      'use up to 63 letters in lower case, digits and single hyphens, a letter first',
    );
  if (role.kind === 'primary' && (role.regions.length === 0 || role.regions.length > limits.secondaries))
    problems.add(
      'global.regions',
      `are ${role.regions.length}`,
      `name 1 to ${limits.secondaries} regions, or leave global out`,
    );
}

/** How the master logs in: by a password that RDS manages, or, in a global database, by the primary's. */
export function renderCredentials(
  global: GlobalRole | undefined,
  { userName, encryptionKey }: { readonly userName: string; readonly encryptionKey: kms.IKey },
): Pick<rds.DatabaseClusterProps, 'credentials' | 'manageMasterUserPassword'> {
  if (global === undefined)
    return {
      credentials: rds.Credentials.fromUsername(userName, { encryptionKey }),
      manageMasterUserPassword: true,
    };
  if (global.kind === 'secondary')
    return { credentials: rds.Credentials.fromSecret(global.secret, userName) };
  const replicaRegions = global.regions.map((region) => ({ region }));
  return { credentials: rds.Credentials.fromGeneratedSecret(userName, { encryptionKey, replicaRegions }) };
}

/** What a secondary has from its primary, and may not say again. */
const inherited = ['MasterUsername', 'MasterUserPassword', 'DatabaseName'] as const;

/** Makes the cluster the first of a global database, or a follower of one. */
export function joinGlobal(scope: Construct, cluster: CfnResource, role: GlobalRole): void {
  if (role.kind === 'primary') {
    new rds.CfnGlobalCluster(new Construct(scope, 'Global'), 'Resource', {
      globalClusterIdentifier: role.identifier,
      sourceDbClusterIdentifier: cluster.ref,
      // What holds the data refuses deletion; this only names what belongs together.
      deletionProtection: false,
    });
    return;
  }
  for (const property of inherited) cluster.addPropertyDeletionOverride(property);
  cluster.addPropertyOverride('GlobalClusterIdentifier', role.identifier);
}
