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
