import type { Value } from '../../change/change.ts';
import type { FieldType } from '../../model/index.ts';

/** A canonical value as the text that PostgreSQL reads for its type; null stays null. */
export function toText(type: FieldType, value: Value | undefined): string | null {
  if (value === null || value === undefined) return null;
  return type.kind === 'json' ? JSON.stringify(value) : String(value);
}

/**
 * The text that PostgreSQL writes for a type, as the canonical value. What has no canonical form (NaN,
 * infinity, a year before 1 or after 9999) stays text.
 */
export function fromText(kind: FieldType['kind'], text: string | null): Value {
  if (text === null) return null;
  switch (kind) {
    case 'integer':
      return Number(text);
    case 'float':
      return Number.isFinite(Number(text)) ? Number(text) : text;
    case 'boolean':
      return text === 't';
    case 'timestamp':
      return timestampOf(text);
    case 'json':
      // A column of type json or jsonb is always JSON.
      return JSON.parse(text) as Value;
    default:
      return text;
  }
}

/** `2013-01-01 10:15:00.5+00` → `2013-01-01T10:15:00.500000Z`. Sessions are in UTC with DateStyle ISO. */
function timestampOf(text: string): string {
  const match = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?(?:\+00)?$/.exec(text);
  if (match === null) return text;
  return `${match[1]}T${match[2]}.${(match[3] ?? '').padEnd(6, '0')}Z`;
}
