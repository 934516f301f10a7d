import {
  BIGINT,
  BOOLEAN,
  DATE,
  DECIMAL,
  DOUBLE,
  DuckDBTimestampTZValue,
  type DuckDBType,
  type DuckDBValue,
  INTEGER,
  LIST,
  listValue,
  TIMESTAMPTZ,
  VARCHAR,
} from '@duckdb/node-api';
import type { Value } from '../../change/change.ts';
import type { FieldType } from '../../model/index.ts';
import { isTextDecimal } from './schema.ts';
import { toDuckdb } from './value.ts';

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
    value: (type, value) => add(boundType(type), toDuckdb(type, value)),
    values: (type, each) => add(LIST(boundType(type)), listValue(each.map((value) => toDuckdb(type, value)))),
    texts: (texts) => add(LIST(VARCHAR), listValue(texts)),
    instant: (ms) => add(TIMESTAMPTZ, new DuckDBTimestampTZValue(BigInt(Math.trunc(ms)) * 1000n)),
    statement: (sql) => ({ sql, values, types }),
  };
}

function boundType(type: FieldType): DuckDBType {
  switch (type.kind) {
    case 'text':
    case 'oneOf':
    case 'json':
      return VARCHAR;
    case 'integer':
      return INTEGER;
    case 'bigint':
      return BIGINT;
    case 'decimal':
      return isTextDecimal(type) ? VARCHAR : DECIMAL(type.precision, type.scale);
    case 'float':
      return DOUBLE;
    case 'boolean':
      return BOOLEAN;
    case 'timestamp':
      return TIMESTAMPTZ;
    case 'date':
      return DATE;
  }
}
