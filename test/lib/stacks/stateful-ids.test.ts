import { expect, test } from '@jest/globals';
import { deploy, templateOf } from '../deploy.ts';

/** What holds data, or what data cannot be read without. Another logical id is another, empty resource. */
const stateful: readonly string[] = [
  'AWS::Cassandra::Keyspace',
  'AWS::Cassandra::Table',
  'AWS::DynamoDB::GlobalTable',
  'AWS::ElastiCache::ReplicationGroup',
  'AWS::KMS::Key',
  'AWS::MSK::Cluster',
  'AWS::OpenSearchService::Domain',
  'AWS::RDS::DBCluster',
  'AWS::S3::Bucket',
  'AWS::SecretsManager::Secret',
];

test('the logical ids of what holds data never change', () => {
  const deployed = deploy();

  const ids = deployed.parts.flatMap((part) =>
    Object.entries<{ readonly Type: string }>(templateOf(deployed, part).toJSON().Resources)
      .filter(([, { Type }]) => stateful.includes(Type))
      .map(([id]) => id),
  );

  expect(ids.sort()).toEqual([
    'ArchiveBucket49F1AC64',
    'ArchiveKey3EF5EDE5',
    'CacheKeyCDF9DE27',
    'CacheValkey8BCB8589',
    'FunctionsKey891FFC81',
    'FunctionsTokenSecret21D58861',
    'LogCluster4679BAE1',
    'LogKeyDF019C7A',
    'NetworkKey1D162FA0',
    'RelationalCluster11476CE4',
    'RelationalKeyF8DC2C3F',
    'ResultsKey3631D39F',
    'ResultsValkey457AC535',
    'SearchDomainAB6007CD',
    'SearchKey7A8E5EE4',
    'TableDeadLetters36FF0956',
    'TableEntitiesF2C80F39',
    'TableKey25666F95',
    'ToldKey2873DE13',
    'WideColumnKey0DA5C584',
    'WideColumnKeyspaceEEA106DC',
    'WideColumnflighteventanalyticshourlyC44061AF',
    'WideColumnflighteventeventsbyaircraft8D3FA01A',
    'WideColumnflighteventeventsbytimeC983F45C',
    'WideColumnviewstate3808A604',
    'WideColumnweatherbymonthB0D7F224',
  ]);
});
