import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { compile, functionsOf } from '../../lambda/model/index.ts';
import {
  ArchiveStore,
  CacheStore,
  ChangeLog,
  createRouterRole,
  edgesOf,
  Functions,
  Network,
  RelationalStore,
  routerEdges,
  SearchStore,
  type Stores,
  TableStore,
  WideColumnStore,
} from '../../lib/index.ts';
import flights from '../../model/flights.ts';
import type { Built, Example } from './example.ts';

/** The functions of a model with all stores, in one stack. */
export const example: Example = (app, built) => {
  const stack = new Stack(app, 'OrdersFunctions');
  createFunctions(stack, built, { service: false });
  return stack;
};

/** With the edges and the role of the router's service, where it is to be beside them. */
export function createFunctions(
  stack: Construct,
  { codeFolder }: Built,
  { service }: { readonly service: boolean },
) {
  const catalog = compile(flights);
  const specs = functionsOf(catalog);
  const keys = { keysByUrl: true };
  const network = new Network(stack, 'Network', {
    edges: [
      ...edgesOf(specs, keys),
      ...(service
        ? specs.filter(({ name }) => name === 'query').flatMap((query) => routerEdges(query, keys))
        : []),
    ],
    availabilityZones: 2,
  });
  const placed = { vpc: network.vpc, vpcSubnets: network.isolated };
  const stores: Stores = {
    relational: new RelationalStore(stack, 'Relational', {
      ...placed,
      securityGroups: [network.serverGroup('relational')],
    }),
    table: new TableStore(stack, 'Table', { table: catalog.table }),
    views: new CacheStore(stack, 'Views', {
      ...placed,
      eviction: 'noeviction',
      securityGroups: [network.serverGroup('views')],
    }),
    log: new ChangeLog(stack, 'Log', {
      ...placed,
      clusterName: 'orders',
      brokers: 2,
      replication: 2,
      minimumInSyncReplicas: 1,
      securityGroups: [network.serverGroup('log')],
    }),
    wideColumn: new WideColumnStore(stack, 'WideColumn', {
      keyspaceName: 'orders',
      tables: catalog.wideTables,
    }),
    search: new SearchStore(stack, 'Search', {
      ...placed,
      domainName: 'orders',
      zones: 2,
      dataNodes: 2,
      securityGroups: [network.serverGroup('search')],
    }),
    archive: new ArchiveStore(stack, 'Archive', { prefix: catalog.name }),
  };
  const searchReaders = service ? [createRouterRole(stack, 'RouterRole', catalog)] : [];
  const functions = new Functions(stack, 'Functions', {
    catalog,
    codeFolder,
    network,
    stores,
    identity: {
      issuer: 'https://issuer.test/',
      audience: 'orders',
      keys: { kind: 'url', url: 'https://issuer.test/jwks' },
    },
    generation: 0,
    searchReaders,
  });
  return { catalog, functions, network, stores, searchReaders };
}
