import { Stack } from 'aws-cdk-lib';
import { compile, functionsOf } from '../../lambda/model/index.ts';
import {
  ArchiveStore,
  CacheStore,
  ChangeLog,
  edgesOf,
  Functions,
  Network,
  RelationalStore,
  SearchStore,
  TableStore,
  WideColumnStore,
} from '../../lib/index.ts';
import flights from '../../model/flights.ts';
import type { Example } from './example.ts';

/** The functions of a model with all stores, in one stack. */
export const example: Example = (app, { codeFolder }) => {
  const stack = new Stack(app, 'OrdersFunctions');
  const catalog = compile(flights);
  const network = new Network(stack, 'Network', {
    edges: edgesOf(functionsOf(catalog), { keysByUrl: true }),
    availabilityZones: 2,
  });
  const placed = { vpc: network.vpc, vpcSubnets: network.isolated };
  new Functions(stack, 'Functions', {
    catalog,
    codeFolder,
    network,
    stores: {
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
    },
    identity: {
      issuer: 'https://issuer.test/',
      audience: 'orders',
      keys: { kind: 'url', url: 'https://issuer.test/jwks' },
    },
    generation: 0,
  });
  return stack;
};
