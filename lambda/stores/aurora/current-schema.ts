import type pg from 'pg';
import { type BuildsOf, readAllBuilds } from './builds.ts';
import { pastKeep, quoteText } from './names.ts';

/** What is in the database now, as far as the model's schemas go. */
export interface CurrentSchema {
  readonly tables: readonly CurrentTable[];
  readonly builds: BuildsOf;
  readonly views: readonly { readonly name: string; readonly columns: readonly string[] }[];
}
export interface CurrentTable {
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly CurrentColumn[];
  /** Columns of the primary key, in its order. */
  readonly key: readonly string[];
  /** As `pg_get_partkeydef` spells it: `RANGE (scheduled_at)`. */
  readonly partitionKey: string | null;
  /** Names of check constraints. */
  readonly checks: readonly string[];
}
export interface CurrentColumn {
  readonly name: string;
  /** As `format_type` spells it. */
  readonly type: string;
  readonly required: boolean;
  /** Worked out by PostgreSQL from other columns, and left out of logical replication. */
  readonly generated: boolean;
}

const tables = `
select n.nspname as schema, c.relname as table,
  (select coalesce(json_agg(json_build_object(
      'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'required', a.attnotnull,
      'generated', a.attgenerated <> '') order by a.attnum), '[]')
    from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
  (select coalesce(json_agg(a.attname order by k.ordinal), '[]')
    from pg_constraint p, unnest(p.conkey) with ordinality as k (attnum, ordinal), pg_attribute a
    where p.conrelid = c.oid and p.contype = 'p' and a.attrelid = c.oid and a.attnum = k.attnum) as key,
  pg_get_partkeydef(c.oid) as "partitionKey",
  (select coalesce(json_agg(p.conname), '[]') from pg_constraint p where p.conrelid = c.oid and p.contype = 'c') as checks
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('source', 'view') and c.relkind in ('r', 'p') and not c.relispartition
  and not starts_with(coalesce(obj_description(c.oid, 'pg_class'), ''), ${quoteText(pastKeep)})
order by 1, 2`;

const views = `
select c.relname as name,
  (select json_agg(a.attname order by a.attnum) from pg_attribute a where a.attrelid = c.oid and a.attnum > 0) as columns
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'entities' and c.relkind = 'v'
order by 1`;

/** Reads the catalogue of PostgreSQL; information_schema hides what the login does not own. */
export async function readCurrentSchema(client: pg.Client): Promise<CurrentSchema> {
  const found = await client.query<CurrentTable>(tables);
  const shown = await client.query<CurrentSchema['views'][number]>(views);
  return { tables: found.rows, views: shown.rows, builds: await readAllBuilds(client) };
}
