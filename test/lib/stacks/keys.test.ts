import { expect, test } from '@jest/globals';
import { deploy, environmentOf, everything, templateOf } from '../deploy.ts';

type Properties = Readonly<Record<string, unknown>>;
interface Resource {
  readonly Type: string;
  readonly Properties: Properties;
}

/** Where each type of store says its key. */
const keyOf: Readonly<Record<string, RegExp>> = {
  'AWS::Cassandra::Table': /"KmsKeyIdentifier":(\{.*?\}|"[^"]*")/,
  'AWS::DynamoDB::GlobalTable': /"KMSMasterKeyId":(\{.*?\}|"[^"]*")/,
  'AWS::ElastiCache::ReplicationGroup': /"KmsKeyId":(\{.*?\}|"[^"]*")/,
  'AWS::MSK::Cluster': /"DataVolumeKMSKeyId":(\{.*?\}|"[^"]*")/,
  'AWS::OpenSearchService::Domain': /"KmsKeyId":(\{.*?\}|"[^"]*")/,
  'AWS::RDS::DBCluster': /"KmsKeyId":(\{.*?\}|"[^"]*")/,
  'AWS::S3::Bucket': /"KMSMasterKeyID":(\{.*?\}|"[^"]*")/,
};

/** The parts that hold a store's data; each has its keys in its own stack. */
const stores = ['relational', 'table', 'cache', 'log', 'wideColumn', 'search', 'archive'] as const;

test.each(['dev', 'staging', 'prod'])(
  'every store of %s is encrypted with a key of its own, which is rotated',
  (name) => {
    const deployed = deploy({ catalog: everything, environment: environmentOf(name) });
    const found = stores.flatMap((part) => {
      const resources: Readonly<Record<string, Resource>> = templateOf(deployed, part).toJSON().Resources;
      return Object.entries(resources)
        .filter(([, { Type }]) => Type in keyOf)
        .map(([id, { Type, Properties }]) => {
          const key = keyOf[Type]?.exec(JSON.stringify(Properties))?.[1] ?? 'none';
          // A key of this stack: a name or an alias of AWS's would be no reference.
          const keyId = /"(?:Ref|Fn::GetAtt)":\[?"(\w+)"/.exec(key)?.[1] ?? '';
          return {
            part,
            id,
            rotates: resources[keyId]?.Properties.EnableKeyRotation,
            key: `${part}.${keyId}`,
          };
        });
    });

    expect(new Set(found.map(({ part }) => part))).toEqual(new Set(stores));
    expect(found.filter(({ rotates }) => rotates !== true)).toEqual([]);
    // Two caches, each with its own; the tables of one engine share theirs.
    expect([...new Set(found.map(({ key }) => key))].length).toBe(stores.length + 1);
  },
);

test.each(['dev', 'staging', 'prod'])(
  'every log of %s is kept as long as the environment says, encrypted with a key that CloudWatch Logs may use',
  (name) => {
    const environment = environmentOf(name);
    const deployed = deploy({ catalog: everything, environment });
    const all = deployed.parts.flatMap((part) =>
      // As CloudFormation has them.
      Object.entries(templateOf(deployed, part).toJSON().Resources as Readonly<Record<string, Resource>>),
    );
    const kept = all.filter(([, { Type }]) => ['AWS::Logs::LogGroup', 'Custom::LogRetention'].includes(Type));
    const groups = kept.filter(([, { Type }]) => Type === 'AWS::Logs::LogGroup');
    const keys = groups
      // Of the CDK's own functions: `tendProviders` says why it has no key.
      .filter(([id]) => !id.startsWith('AWS679f'))
      // In the same stack, or imported from another one.
      .map(
        ([, { Properties }]) =>
          /(?:ExportsOutputFnGetAtt)?(\w+?Key[0-9A-F]{8})/.exec(
            JSON.stringify(Properties.KmsKeyId) ?? '',
          )?.[1],
      );
    const usable = deployed.parts.flatMap((part) =>
      Object.entries(templateOf(deployed, part).findResources('AWS::KMS::Key'))
        .filter(([, key]) => JSON.stringify(key).includes('kms:EncryptionContext:aws:logs:arn'))
        .map(([id]) => id),
    );

    expect([...new Set(kept.map(([, { Properties }]) => Properties.RetentionInDays))]).toEqual([
      environment.logRetentionDays,
    ]);
    expect(groups.length).toBeGreaterThan(15);
    expect(keys.filter((key) => key === undefined || !usable.includes(key))).toEqual([]);
    // The database makes its own group, and exports to it.
    expect(kept.length - groups.length).toBe(1);
  },
);
