import type { CatalogColumn } from '../../model/index.ts';
import { columnOf } from '../../model/index.ts';
import type { Placement } from '../store.ts';
import { quoteName, quoteText } from './names.ts';

/** The `rowId` of a row of the table `t` (placement.ts), in SQL. */
export const renderRowId = ({ entity }: Placement): string =>
  entity.key.map((name) => idPart(columnOf(entity, name))).join(" || '|' || ");

function idPart(column: CatalogColumn): string {
  const text = plainText(column);
  return isText(column)
    ? `replace(replace(replace(replace(${text}, '%', '%25'), '|', '%7C'), '{', '%7B'), '}', '%7D')`
    : text;
}

/** The columns of a row of the table `t` as JSON, as JSON.stringify writes a row, in SQL. */
export const renderRowJson = (columns: readonly CatalogColumn[]): string => {
  const members = columns.map(
    (column, index) =>
      `${quoteText(`${index === 0 ? '' : ','}${JSON.stringify(column.name)}:`)} || coalesce(${jsonText(column)}, 'null')`,
  );
  return ["'{'", ...members, "'}'"].join(' || ');
};

const isText = ({ type }: CatalogColumn): boolean => type.kind === 'text' || type.kind === 'oneOf';

/** A canonical value as text. */
function plainText({ name, type }: CatalogColumn): string {
  const column = `t.${quoteName(name)}`;
  switch (type.kind) {
    case 'text':
    case 'oneOf':
      return column;
    case 'timestamp':
      return `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
    case 'date':
      return `to_char(${column}, 'YYYY-MM-DD')`;
    case 'float':
      return `polystore.number_text(${column})`;
    case 'bytes':
      return `'\\x' || encode(${column}, 'hex')`;
    case 'json':
      return `polystore.json_text(${column})`;
    default:
      return `${column}::text`;
  }
}

function jsonText(column: CatalogColumn): string {
  switch (column.type.kind) {
    case 'text':
    case 'oneOf':
    case 'bytes':
      return `to_json(${plainText(column)})::text`;
    case 'bigint':
    case 'decimal':
    case 'timestamp':
    case 'date':
      return `'"' || ${plainText(column)} || '"'`;
    default:
      return plainText(column);
  }
}
