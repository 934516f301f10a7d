import { describe, expect, test } from '@jest/globals';
import { renderCassandraSettings } from '../../../local/engines/cassandra-settings.ts';
import { renderConnectSettings } from '../../../local/engines/connect.ts';
import { renderKafkaSettings } from '../../../local/engines/kafka.ts';
import { renderOpensearchSettings } from '../../../local/engines/opensearch.ts';
import { renderPostgresSettings } from '../../../local/engines/postgres-settings.ts';
import { renderValkeyArgs } from '../../../local/engines/valkey.ts';

describe('PostgreSQL settings', () => {
  test('the writer listens on this machine only and writes logical WAL', () => {
    const text = renderPostgresSettings({ port: 1234, durable: false });

    expect(text).toContain("listen_addresses = '127.0.0.1'\nport = '1234'");
    expect(text).toContain("wal_level = 'logical'");
    expect(text).not.toContain('primary_conninfo');
  });

  test.each([
    [true, 'on'],
    [false, 'off'],
  ])('durable %s sets fsync and full page writes %s', (durable, value) => {
    const text = renderPostgresSettings({ port: 1, durable });

    expect(text).toContain(`fsync = '${value}'\nfull_page_writes = '${value}'`);
  });

  test('a replica can take over failover slots', () => {
    const text = renderPostgresSettings({
      port: 2,
      durable: true,
      follows: { writerPort: 1, as: 'analytics' },
    });

    expect(text).toMatch(
      /primary_conninfo = 'host=127\.0\.0\.1 port=1 .*dbname=.* application_name=polystore_analytics'/,
    );
    for (const setting of [
      "primary_slot_name = 'polystore_analytics'",
      "hot_standby_feedback = 'on'",
      "sync_replication_slots = 'on'",
    ]) {
      expect(text).toContain(setting);
    }
  });
});

describe('Kafka settings', () => {
  test('no topic comes into being by itself, and no listener is reachable from elsewhere', () => {
    const text = renderKafkaSettings({ data: '/data', port: 9092, controllerPort: 9093 });

    expect(text).toContain('auto.create.topics.enable=false\n');
    expect(text).toContain('\nlisteners=BROKER://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093\n');
    expect(text).toContain('controller.quorum.voters=1@127.0.0.1:9093\n');
  });
});

describe('Connect settings', () => {
  test('the REST interface is on this machine only and connectors may override their clients', () => {
    const text = renderConnectSettings({ plugins: '/plugins', port: 8083, kafkaPort: 9092 });

    expect(text).toContain('\nlisteners=http://127.0.0.1:8083\n');
    expect(text).toContain('connector.client.config.override.policy=All\n');
    expect(text).toContain('offset.flush.interval.ms=1000\n');
  });
});

describe('Valkey arguments', () => {
  test.each([
    [true, 'always'],
    [false, 'everysec'],
  ])('durable %s appends with fsync %s and never evicts', (durable, fsync) => {
    const args = renderValkeyArgs({ directory: '/data', port: 6379, durable }).join(' ');

    expect(args).toContain(`--appendonly yes --appendfsync ${fsync} --maxmemory-policy noeviction`);
  });
});

describe('Cassandra settings', () => {
  const text = renderCassandraSettings({ data: '/my data', port: 9042, storagePort: 7000 });

  test('clients and other nodes are listened for on this machine only', () => {
    expect(text).toContain('\nlisten_address: "127.0.0.1"\nrpc_address: "127.0.0.1"\n');
    expect(text).toContain('\nstorage_port: 7000\nnative_transport_port: 9042\n');
    expect(text).toContain('[{"seeds":"127.0.0.1:7000"}]');
  });

  test('a write is in the commit log before it is acknowledged', () => {
    expect(text).toContain('\ncommitlog_sync: "batch"\n');
  });

  test('all data is in one folder', () => {
    const folders = text.match(/"\/[^"]*"/g) ?? [];

    expect(folders).toHaveLength(5);
    expect(folders.every((folder) => folder.startsWith('"/my data/'))).toBe(true);
  });
});

describe('OpenSearch settings', () => {
  test('both of its listeners are on this machine only', () => {
    const text = renderOpensearchSettings({ data: '/my data', port: 9200, transportPort: 9300 });

    expect(text).toContain('\nnetwork.host: "127.0.0.1"\nhttp.port: 9200\ntransport.port: 9300\n');
    expect(text).toContain('\npath.data: "/my data"\n');
  });
});
