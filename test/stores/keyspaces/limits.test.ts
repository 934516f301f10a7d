import { describe, expect, test } from '@jest/globals';
import { type CqlRequest, checkRequest, limits } from '../../../lambda/stores/keyspaces/limits.ts';

const insert = `INSERT INTO "k"."t" ("a", "note") VALUES (?, ?) USING TTL ?`;
const select = `SELECT "a" FROM "k"."t" WHERE "a" = ? AND "b" IN (?, ?) LIMIT 1`;
const request = (statements: readonly string[], parts: Partial<CqlRequest> = {}): CqlRequest => ({
  statements,
  partitions: 1,
  logged: false,
  consistency: 'LOCAL_QUORUM',
  serialConsistency: 'LOCAL_SERIAL',
  ...parts,
});

describe('the guard in front of the driver', () => {
  test.each([
    insert,
    select,
    'DELETE FROM "k"."t" WHERE "a" = ? AND "version" < ?',
    'UPDATE "k"."t" USING TTL 0 SET "b" = ? WHERE "a" = ? IF "revision" = ?',
    `CREATE KEYSPACE IF NOT EXISTS "k" WITH replication = {'class': 'SingleRegionStrategy'}`,
    'CREATE TABLE IF NOT EXISTS "k"."t" ("a" text, PRIMARY KEY ("a")) WITH CLUSTERING ORDER BY ("a" DESC)',
    'ALTER TABLE "k"."t" ADD "b" text',
    'CREATE TABLE IF NOT EXISTS "k"."t__2" ("a" text, PRIMARY KEY ("a")) WITH CLUSTERING ORDER BY ("a" DESC) AND default_time_to_live = 630720000',
    'DROP TABLE IF EXISTS "k"."t__2"',
    'SELECT "a", "b" FROM "k"."t"',
    'INSERT INTO "k"."t" ("a", "b") VALUES (?, ?) IF NOT EXISTS USING TTL ?',
  ])('lets through: %s', (cql) => {
    expect(() => checkRequest(request([cql]))).not.toThrow();
  });

  test.each([
    ['CREATE INDEX by_note ON k.t (note)', 'a secondary index'],
    ['create custom index on k.t (note) using $$SAI$$', 'a secondary index'],
    ['DROP INDEX k.by_note', 'a secondary index'],
    ['CREATE MATERIALIZED VIEW k.v AS SELECT * FROM k.t', 'a materialized view'],
    ['CREATE OR REPLACE FUNCTION k.f (a int) RETURNS int', 'a user-defined function'],
    ['CREATE AGGREGATE k.a (int) SFUNC f STYPE int', 'a user-defined function or aggregate'],
    ['CREATE TRIGGER t ON k.t USING $$x$$', 'a trigger'],
    ['ALTER TYPE k.t ADD a int', 'a change of a user-defined type'],
    ['TRUNCATE k.t', 'TRUNCATE'],
    ['SELECT * FROM k.t WHERE note = ?\n  ALLOW   FILTERING', 'ALLOW FILTERING'],
    ['DELETE FROM k.t WHERE a IN (?, ?)', 'IN in an update or a delete'],
    ['UPDATE k.t SET b = ? WHERE a IN ?', 'IN in an update or a delete'],
    ['INSERT INTO k.t (a) VALUES (?) USING TIMESTAMP ?', 'a timestamp of the client'],
    ['INSERT INTO k.t (a) VALUES (?) USING TTL ? AND TIMESTAMP ?', 'a timestamp of the client'],
    [`CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy'}`, 'SimpleStrategy'],
    [
      `CREATE KEYSPACE k WITH replication = {'class': 'SingleRegionStrategy'} AND durable_writes = false`,
      'durable_writes',
    ],
    [
      `CREATE TABLE k.t (a int PRIMARY KEY) WITH compression = {'class': 'LZ4Compressor'}`,
      'the table option compression',
    ],
    [`ALTER TABLE k.t WITH comment = '' AND compaction = {'class': 'X'}`, 'the table option compaction'],
    ['ALTER TABLE k.t WITH gc_grace_seconds = 0', 'the table option gc_grace_seconds'],
  ])('refuses %s, and says what to do', (cql, what) => {
    expect(() => checkRequest(request([cql]))).toThrow(
      new RegExp(`was to be sent ${what}.*; .+The statement: `),
    );
  });

  test.each([
    `INSERT INTO "k"."t" ("a") VALUES ('TRUNCATE; -- allow filtering')`,
    'SELECT "using timestamp ?", "allow filtering" FROM "k"."t"',
    `/* create index */ ${select}`,
    `${select} -- ALLOW FILTERING`,
  ])('takes nothing in quotes or comments for a keyword: %s', (cql) => {
    expect(() => checkRequest(request([cql]))).not.toThrow();
  });

  test('writes at LOCAL_QUORUM alone', () => {
    for (const consistency of ['LOCAL_ONE', 'ONE', 'QUORUM', 'ALL', 'ANY'] as const)
      expect(() => checkRequest(request([insert], { consistency }))).toThrow(
        `consistency ${consistency} for a write`,
      );
  });

  test('reads at what Keyspaces reads at', () => {
    for (const consistency of ['LOCAL_QUORUM', 'LOCAL_ONE', 'ONE'] as const)
      expect(() => checkRequest(request([select], { consistency }))).not.toThrow();
    for (const consistency of ['QUORUM', 'ALL'] as const)
      expect(() => checkRequest(request([select], { consistency }))).toThrow(
        `consistency ${consistency} for a read`,
      );
  });

  test('decides conditions within the region', () => {
    expect(() => checkRequest(request([insert], { serialConsistency: 'SERIAL' }))).toThrow(
      /serial consistency SERIAL; use LOCAL_SERIAL/,
    );
  });

  test('takes a batch of 30 statements and none of 31', () => {
    const batch = Array.from({ length: limits.batchStatements }, () => insert);

    expect(() => checkRequest(request(batch))).not.toThrow();
    expect(() => checkRequest(request([...batch, insert]))).toThrow(/a batch of 31 statements.*at most 30/);
  });

  test.each([
    ['logged', { logged: true }, 'a logged batch'],
    ['over two partitions', { partitions: 2 }, 'an unlogged batch over 2 partitions'],
  ])('refuses a batch that is %s', (_, parts, what) => {
    expect(() => checkRequest(request([insert, insert], parts))).toThrow(what);
  });

  test('refuses a condition in a batch', () => {
    expect(() => checkRequest(request([insert, 'INSERT INTO k.t (a) VALUES (?) IF NOT EXISTS']))).toThrow(
      'a condition in a batch',
    );
  });
});
