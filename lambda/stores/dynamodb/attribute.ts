import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { parseBytes, renderBytes } from '../../change/bytes-text.ts';
import { plainNotation } from '../../change/canonical-row.ts';
import type { Value } from '../../change/change.ts';
import { PolystoreError } from '../../errors.ts';
import type { CatalogColumn, FieldType } from '../../model/index.ts';

/**
 * An attribute as the SDK, a stream record of Lambda and a stream record of the SDK write it; only the
 * types that Polystore uses.
 */
export interface ImageValue {
  readonly S?: string | undefined;
  readonly N?: string | undefined;
  readonly BOOL?: boolean | undefined;
  /** In Lambda's records as base64. */
  readonly B?: string | Uint8Array | undefined;
}

/**
 * A canonical value as an attribute. Numbers are DynamoDB numbers, so that indexes sort by size, where
 * DynamoDB holds them exactly: 38 digits, magnitudes of 1E-130 to 9.9E+125. A decimal of more digits
 * is a text; so is a float outside those magnitudes, alone among its like, which no index can then
 * hold. JSON is its text, which keeps it exactly.
 */
export function encodeAttribute(type: FieldType, value: Exclude<Value, null>): AttributeValue {
  switch (type.kind) {
    case 'text':
    case 'oneOf':
    case 'timestamp':
    case 'date':
      return { S: String(value) };
    case 'integer':
    case 'bigint':
      return { N: String(value) };
    case 'decimal':
      return type.precision <= 38 ? { N: String(value) } : { S: String(value) };
    case 'float':
      return fitsNumber(Number(value)) ? { N: String(value) } : { S: String(value) };
    case 'boolean':
      return { BOOL: value === true };
    case 'bytes':
      return { B: parseBytes(String(value)) };
    case 'json':
      return { S: JSON.stringify(value) };
  }
}

const fitsNumber = (value: number): boolean =>
  value === 0 || (Math.abs(value) >= 1e-130 && Math.abs(value) < 9.9e125);

/** What `parseValue` takes for an attribute. @throws `poison_change` for an attribute of another type. */
export function decodeAttribute(column: CatalogColumn, attribute: ImageValue): unknown {
  switch (column.type.kind) {
    case 'boolean':
      if (attribute.BOOL !== undefined) return attribute.BOOL;
      break;
    case 'integer':
    case 'bigint':
    case 'decimal':
    case 'float':
      // DynamoDB may answer `1E+2` for 100.
      if (attribute.N !== undefined)
        return column.type.kind === 'float' ? Number(attribute.N) : plainNotation(attribute.N);
      if (attribute.S !== undefined) return attribute.S;
      break;
    case 'bytes':
      if (attribute.B !== undefined)
        return renderBytes(
          typeof attribute.B === 'string' ? Buffer.from(attribute.B, 'base64') : attribute.B,
        );
      break;
    case 'json':
      if (attribute.S !== undefined) return parseText(column, attribute.S);
      break;
    default:
      if (attribute.S !== undefined) return attribute.S;
  }
  throw new PolystoreError(
    'poison_change',
    `the attribute ${column.name} is ${JSON.stringify(attribute).slice(0, 80)}, which is no ${column.type.kind}`,
  );
}

function parseText(column: CatalogColumn, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new PolystoreError(
      'poison_change',
      `the attribute ${column.name} is no JSON: ${text.slice(0, 80)}`,
      { cause: error },
    );
  }
}
