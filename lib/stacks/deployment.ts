import { Annotations, Tags } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import {
  type Catalog,
  type IndexWaves,
  type StoreName,
  storeOf,
  withTopicPartitions,
} from '../../lambda/model/index.ts';
import { pascalCase } from '../constructs/pascal-case.ts';
import { decideDestroy, type Environment, overrideEnvironment } from '../environments/index.ts';
import { AlarmsStack } from './alarms-stack.ts';
import { ApiStack } from './api-stack.ts';
import { ArchiveStack } from './archive-stack.ts';
import { CacheStack } from './cache-stack.ts';
import { type CaptureOptions, CaptureStack } from './capture-stack.ts';
import { isCaptured } from './captured.ts';
import { FunctionsStack } from './functions-stack.ts';
import { LogStack } from './log-stack.ts';
import { NetworkStack } from './network-stack.ts';
import { RelationalStack } from './relational-stack.ts';
import { SearchStack } from './search-stack.ts';
import { ServiceStack } from './service-stack.ts';
import type { Deployment } from './stacks.ts';
import { decideIndexes } from './table-indexes.ts';
import { TableStack } from './table-stack.ts';
import { watch } from './watch.ts';
import { WideColumnStack } from './wide-column-stack.ts';

export interface DeploymentOptions {
  readonly catalog: Catalog;
  readonly environment: Environment;
  /** A folder for each function, as `bin/build.ts` makes them. */
  readonly codeFolder: string;
  /** Debezium's part; not asked for a model without entities in Aurora. */
  readonly capture: CaptureOptions;
  /**
   * How the table's indexes came to be, of which the environment has taken some waves.
   * @default - the table has those of the catalog, whatever wave the environment says
   */
  readonly indexWaves?: IndexWaves;
  /** The context value `destroy`: see `decideDestroy`. */
  readonly destroyConsent: unknown;
  /** Every context value: see `overrideEnvironment`. */
  readonly context: Readonly<Record<string, unknown>>;
}

/**
 * Puts the stacks of a deployment into an app or a stage, named `<Model>-<Environment>-<Part>` in both. They know
 * no account and no region, unless a stage does: whoever deploys decides.
 *
 * @throws PolystoreError `invalid_configuration` that lists what is wrong with the environment.
 */
export function createDeployment(scope: Construct, options: DeploymentOptions): Deployment {
  const { codeFolder } = options;
  const { environment, names: overridden } = overrideEnvironment(options.environment, options.context);
  const catalog = withTopicPartitions(options.catalog, environment.log.partitions ?? {});
  const indexes = decideIndexes(catalog, environment, options.indexWaves);
  const destroy = decideDestroy(environment, options.destroyConsent);
  const prefix = `${pascalCase(catalog.name)}-${pascalCase(environment.name)}`;
  const about = (part: string, what: string) => ({
    // Else a stage would put its own name before it.
    stackName: `${prefix}-${part}`,
    description: `Polystore: ${what} of ${catalog.name}, ${environment.name}`,
    terminationProtection: !destroy,
    // Of the stack: how `polystore deploy` knows whose consent it needs. Resources get theirs below.
    tags: { 'polystore:model': catalog.name, 'polystore:environment': environment.name },
  });

  const alarms = new AlarmsStack(scope, `${prefix}-Alarms`, {
    ...about('Alarms', 'alarms'),
    catalog,
    environment,
  });
  const network = new NetworkStack(scope, `${prefix}-Network`, {
    ...about('Network', 'network'),
    catalog,
    environment,
  });
  const shared = { environment, network: network.network, destroy };
  const relational = new RelationalStack(scope, `${prefix}-Relational`, {
    ...about('Relational', 'Aurora'),
    ...shared,
  });
  const table = new TableStack(scope, `${prefix}-Table`, {
    ...about('Table', 'DynamoDB'),
    ...shared,
    catalog,
    globalIndexes: indexes.made,
  });
  const cache = new CacheStack(scope, `${prefix}-Cache`, { ...about('Cache', 'ElastiCache'), ...shared });
  const name = `${catalog.name}-${environment.name}`;
  const log = new LogStack(scope, `${prefix}-Log`, {
    ...about('Log', 'MSK'),
    ...shared,
    catalog,
    clusterName: name,
  });
  const wideColumn = hasViewIn(catalog, 'keyspaces')
    ? new WideColumnStack(scope, `${prefix}-WideColumn`, {
        ...about('WideColumn', 'Keyspaces'),
        catalog,
        environment,
        destroy,
      })
    : undefined;
  const search = hasViewIn(catalog, 'opensearch')
    ? new SearchStack(scope, `${prefix}-Search`, {
        ...about('Search', 'OpenSearch'),
        ...shared,
        catalog,
        domainName: name,
      })
    : undefined;
  const archive = hasViewIn(catalog, 'archive')
    ? new ArchiveStack(scope, `${prefix}-Archive`, {
        ...about('Archive', 'the archive'),
        prefix: catalog.name,
        environment,
        destroy,
      })
    : undefined;
  const stores = {
    relational: relational.store,
    table: table.store,
    views: cache.views,
    log: log.log,
    wideColumn: wideColumn?.store,
    search: search?.store,
    archive: archive?.store,
  };
  const functions = new FunctionsStack(scope, `${prefix}-Functions`, {
    ...about('Functions', 'functions'),
    ...shared,
    catalog,
    codeFolder,
    unreadyIndexes: indexes.unready,
    instances: relational.store.instances,
    stores,
  });
  const capture = isCaptured(catalog)
    ? new CaptureStack(scope, `${prefix}-Capture`, {
        ...about('Capture', 'MSK Connect'),
        ...shared,
        ...options.capture,
        catalog,
        relational: relational.store,
        log: log.log,
      })
    : undefined;
  // The schema function makes the slot, the publication and the topics first.
  capture?.addStackDependency(functions);
  const api = new ApiStack(scope, `${prefix}-Api`, {
    ...about('Api', 'HTTP API'),
    catalog,
    environment,
    functions: functions.functions,
  });
  const service =
    environment.api.service === undefined || functions.routerRole === undefined
      ? undefined
      : new ServiceStack(scope, `${prefix}-Service`, {
          ...about('Service', 'the router as a service'),
          ...shared,
          ...{ catalog, codeFolder, stores },
          functions: functions.functions,
          role: functions.routerRole,
          service: environment.api.service,
          unreadyIndexes: indexes.unready,
        });
  // The schema comes first here too.
  service?.addStackDependency(functions);

  if (overridden.length > 0)
    Annotations.of(functions).addWarningV2(
      'polystore:overridden',
      `Context says what the functions are told: ${overridden.join(', ')}. A deployment without that context takes it back`,
    );
  const made = {
    alarms,
    network,
    relational,
    table,
    cache,
    log,
    wideColumn,
    search,
    archive,
    functions,
    capture,
    api,
    service,
  };
  watch(made, { catalog, environment });
  for (const [part, stack] of Object.entries(made))
    if (stack !== undefined) Tags.of(stack).add('polystore:part', part);
  Tags.of(scope).add('polystore:model', catalog.name);
  Tags.of(scope).add('polystore:environment', environment.name);
  return made;
}

const hasViewIn = (catalog: Catalog, store: StoreName): boolean =>
  catalog.entities.some(({ views }) => views.some((view) => storeOf(view) === store));
