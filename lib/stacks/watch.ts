import { type Catalog, functionsOf } from '../../lambda/model/index.ts';
import * as alarms from '../constructs/alarms/index.ts';
import { consumersOf } from '../constructs/functions/index.ts';
import type { Environment } from '../environments/index.ts';
import type { Deployment } from './stacks.ts';

/**
 * Puts the alarms of each store into its own stack. In a stack of their own they would import names of instances and
 * functions, and CloudFormation removes nothing that another stack imports: a reader could not go.
 */
export function watch(
  stacks: Deployment,
  { catalog, environment }: { readonly catalog: Catalog; readonly environment: Environment },
): void {
  const told = { notify: stacks.alarms.topic, dashboard: environment.alarms.dashboards };
  const name = `${catalog.name}-${environment.name}`;

  const { cluster, instances } = stacks.relational.store;
  const { clusterIdentifier } = cluster;
  new alarms.RelationalAlarms(stacks.relational, 'Alarms', { ...told, clusterIdentifier, instances });
  const { table, deadLetters } = stacks.table.store;
  if (table !== undefined)
    new alarms.TableAlarms(stacks.table, 'EntitiesAlarms', {
      ...told,
      title: 'DynamoDB: entities',
      tableName: table.tableName,
      globalIndexes: catalog.table?.globalIndexes.map((index) => index.name) ?? [],
    });
  new alarms.TableAlarms(stacks.table, 'DeadLettersAlarms', {
    ...told,
    title: 'DynamoDB: dead letters',
    tableName: deadLetters.tableName,
  });
  for (const [part, id] of [
    ['views', 'ViewsAlarms'],
    ['cache', 'CacheAlarms'],
  ] as const) {
    const { replicationGroup, eviction } = stacks.cache[part];
    const { shards, replicasPerShard } = environment[part];
    const replicationGroupId = replicationGroup.ref;
    new alarms.CacheAlarms(stacks.cache, id, {
      ...told,
      replicationGroupId,
      shards,
      replicasPerShard,
      eviction,
    });
  }
  new alarms.LogAlarms(stacks.log, 'Alarms', {
    ...told,
    clusterName: name,
    kind: environment.log.kind ?? 'standard',
    // The change log's own default.
    brokers: environment.log.brokers ?? environment.network.availabilityZones,
    consumers: consumersOf(catalog),
  });
  if (stacks.wideColumn !== undefined)
    new alarms.WideColumnAlarms(stacks.wideColumn, 'Alarms', {
      ...told,
      keyspaceName: stacks.wideColumn.store.keyspaceName,
      tables: catalog.wideTables.map((each) => each.name),
    });
  if (stacks.search !== undefined)
    new alarms.SearchAlarms(stacks.search, 'Alarms', {
      ...told,
      domainName: name,
      storageGibPerNode: environment.search.storageGibPerNode,
      managers: environment.search.managerType !== undefined,
    });
  if (stacks.archive !== undefined) {
    const { bucket, requestMetrics } = stacks.archive.store;
    new alarms.ArchiveAlarms(stacks.archive, 'Alarms', {
      ...told,
      bucketName: bucket.bucketName,
      requestMetrics,
    });
  }
  if (stacks.capture !== undefined)
    new alarms.CaptureAlarms(stacks.capture, 'Alarms', {
      ...told,
      connectorName: stacks.capture.capture.connectorName,
    });
  const { functions } = stacks.functions;
  const { accountConcurrency } = environment.functions;
  new alarms.FunctionAlarms(stacks.functions, 'Alarms', {
    ...told,
    ...(accountConcurrency !== undefined && { accountConcurrency }),
    functions: functionsOf(catalog, environment.api).map(
      ({ name: functionName, timeoutSeconds, trigger }) => ({
        ...{ name: functionName, functionName: functions.get(functionName).functionName, timeoutSeconds },
        ...((trigger.kind === 'dynamodb-stream' || trigger.kind === 'change-log') && {
          reads: { kind: trigger.kind, windowSeconds: trigger.maximumBatchingWindowMs / 1000 },
        }),
      }),
    ),
  });
  new alarms.ApiAlarms(stacks.api, 'Alarms', { ...told, api: stacks.api.api.watched });
  if (stacks.service !== undefined) {
    const { loadBalancer, targetGroup } = stacks.service.router.balancer;
    new alarms.RouterAlarms(stacks.service, 'Alarms', {
      ...told,
      loadBalancer: loadBalancer.loadBalancerFullName,
      targetGroup: targetGroup.targetGroupFullName,
      minimumTasks: environment.api.service?.minimumTasks ?? 2,
    });
  }
}
