import { join } from 'node:path';
import { renderProperties, renderYaml } from './java.ts';

/** As a region's name, so that NetworkTopologyStrategy is written as on AWS. */
export const datacenter = 'eu-west-1';

export interface CassandraSettings {
  /** Absolute path of the folder for all data. */
  readonly data: string;
  /** For clients. */
  readonly port: number;
  /** For other nodes, of which there are none. */
  readonly storagePort: number;
}

/** The text of `cassandra.yaml`. */
export function renderCassandraSettings({ data, port, storagePort }: CassandraSettings): string {
  const host = '127.0.0.1';
  return renderYaml({
    cluster_name: 'polystore',
    num_tokens: 1,
    partitioner: 'org.apache.cassandra.dht.Murmur3Partitioner',
    endpoint_snitch: 'GossipingPropertyFileSnitch',
    seed_provider: [
      {
        class_name: 'org.apache.cassandra.locator.SimpleSeedProvider',
        parameters: [{ seeds: `${host}:${storagePort}` }],
      },
    ],
    listen_address: host,
    rpc_address: host,
    storage_port: storagePort,
    native_transport_port: port,
    start_native_transport: true,
    auto_bootstrap: false,
    hinted_handoff_enabled: false,
    authenticator: 'AllowAllAuthenticator',
    authorizer: 'AllowAllAuthorizer',
    data_file_directories: [join(data, 'data')],
    commitlog_directory: join(data, 'commitlog'),
    saved_caches_directory: join(data, 'saved_caches'),
    hints_directory: join(data, 'hints'),
    cdc_raw_directory: join(data, 'cdc_raw'),
    commitlog_sync: 'batch',
    commitlog_segment_size: '8MiB',
    commitlog_total_space: '64MiB',
    auto_snapshot: false,
    ...smallNode,
  });
}

const smallNode = {
  memtable_heap_space: '32MiB',
  memtable_offheap_space: '32MiB',
  memtable_flush_writers: 1,
  key_cache_size: '4MiB',
  file_cache_size: '16MiB',
  networking_cache_size: '16MiB',
  concurrent_reads: 8,
  concurrent_writes: 8,
  concurrent_counter_writes: 4,
  concurrent_compactors: 1,
  disk_optimization_strategy: 'ssd',
} as const;

/** The text of `cassandra-rackdc.properties`, from which the node knows where it is. */
export const rackSettings = renderProperties({ dc: datacenter, rack: 'rack1' });

/** The text of `logback.xml`: warnings and errors, to the log file that gets the output. */
export const loggingSettings = `<configuration>
  <appender name="OUT" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%date{ISO8601} %-5level %logger{0} %msg%n</pattern></encoder>
  </appender>
  <root level="WARN"><appender-ref ref="OUT"/></root>
</configuration>
`;
