import {
  DuckDBTimestampTZValue,
  type DuckDBType,
  type DuckDBValue,
  LIST,
  listValue,
  TIMESTAMPTZ,
  VARCHAR,
} from '@duckdb/node-api';
import type { Value } from '../../change/change.ts';
import type { FieldType } from '../../model/index.ts';
import { duckdbTypeOf, toDuckdb } from '../duckdb-values.ts';

/** A statement for DuckDB, with `$1`-style parameters. */
export interface Statement {
  readonly sql: string;
  readonly values: readonly DuckDBValue[];
  readonly types: readonly DuckDBType[];
}

/** Gathers what a statement is bound to; each method gives the text that stands for it. */
export interface Parameters {
  value(type: FieldType, value: Value): string;
  values(type: FieldType, values: readonly Value[]): string;
  texts(texts: readonly string[]): string;
  /** Milliseconds since the epoch. */
  instant(ms: number): string;
  statement(sql: string): Statement;
}

export function createParameters(): Parameters {
  const values: DuckDBValue[] = [];
  const types: DuckDBType[] = [];
  const add = (type: DuckDBType, value: DuckDBValue): string => {
    types.push(type);
    return `$${values.push(value)}`;
  };
  return {
    value: (type, value) => add(duckdbTypeOf(type), toDuckdb(type, value)),
    values: (type, each) =>
      add(LIST(duckdbTypeOf(type)), listValue(each.map((value) => toDuckdb(type, value)))),
    texts: (texts) => add(LIST(VARCHAR), listValue(texts)),
    instant: (ms) => add(TIMESTAMPTZ, new DuckDBTimestampTZValue(BigInt(Math.trunc(ms)) * 1000n)),
    statement: (sql) => ({ sql, values, types }),
  };
}
