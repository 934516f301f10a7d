import type { KeyTemplate } from './catalog.ts';

/** What a key template says: a text with fields in it, or one field with its own type. */
export type ParsedTemplate =
  | {
      readonly kind: 'text';
      readonly parts: readonly ({ readonly text: string } | { readonly field: string })[];
    }
  | { readonly kind: 'field'; readonly field: string };

/** Reads a key template. A bare name (no braces, no punctuation) is a field with its own type. */
export function parseKeyTemplate(
  template: string,
): ParsedTemplate | { readonly kind: 'invalid'; readonly problem: string } {
  if (/^[A-Za-z_]\w*$/.test(template)) return { kind: 'field', field: template };
  const parts: ({ text: string } | { field: string })[] = [];
  let rest = template;
  while (rest.length > 0) {
    const open = rest.indexOf('{');
    const literal = open === -1 ? rest : rest.slice(0, open);
    if (literal.includes('}')) return { kind: 'invalid', problem: `'}' without '{' in '${template}'` };
    if (literal.length > 0) parts.push({ text: literal });
    if (open === -1) break;
    const before = parts.at(-1);
    if (before !== undefined && 'text' in before && parts.length > 1 && !before.text.startsWith('#')) {
      return {
        kind: 'invalid',
        problem: `'${before.text}' after a field does not start with '#' in '${template}', so a value that holds it could pass for another key`,
      };
    }
    const close = rest.indexOf('}', open);
    if (close === -1) return { kind: 'invalid', problem: `'{' is not closed in '${template}'` };
    const field = rest.slice(open + 1, close);
    if (!/^[A-Za-z_]\w*$/.test(field))
      return { kind: 'invalid', problem: `'{${field}}' is no field name in '${template}'` };
    const previous = parts.at(-1);
    if (previous !== undefined && 'field' in previous) {
      return {
        kind: 'invalid',
        problem: `'{${previous.field}}{${field}}' has no text between them in '${template}'`,
      };
    }
    parts.push({ field });
    rest = rest.slice(close + 1);
  }
  return parts.length === 0 ? { kind: 'invalid', problem: 'it is empty' } : { kind: 'text', parts };
}

/**
 * A field's value inside a text key. The compiler holds that the text after a field starts with `#`, and
 * `#` and the escape sign are escaped in values: a value ends at the first `#`, so two different keys
 * never render to the same text.
 */
export const escapeKeyText = (value: string): string =>
  value.replace(/[%#]/g, (sign) => (sign === '%' ? '%25' : '%23'));

/**
 * Renders a text key from a row (columns to canonical values). Undefined when a column of it is null
 * or absent: an item without an index key is not in that index.
 */
export function renderKey(template: KeyTemplate, row: Readonly<Record<string, unknown>>): string | undefined {
  let key = '';
  for (const part of template) {
    if ('text' in part) key += part.text;
    else {
      const value = row[part.column];
      if (value === null || value === undefined) return undefined;
      key += escapeKeyText(String(value));
    }
  }
  return key;
}

export const templateColumns = (template: KeyTemplate): readonly string[] =>
  template.flatMap((part) => ('column' in part ? [part.column] : []));
