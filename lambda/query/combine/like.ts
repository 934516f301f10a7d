import { PolystoreError } from '../../errors.ts';
import { quoteText } from '../../stores/sql-quote.ts';

/**
 * A pattern of PostgreSQL's `like` as one of DuckDB's with the escape `\`, which may stand there only before what is
 * special: before anything else PostgreSQL takes the character itself.
 *
 * @throws PolystoreError `invalid_value` as PostgreSQL does: an escape at the end, or of more than one character.
 */
export function likePattern(pattern: string, escapedBy: string): string {
  const [escapeWith, ...more] = escapedBy;
  if (more.length > 0)
    throw new PolystoreError('invalid_value', 'The escape of like is one character, or none.');
  let rendered = '';
  const characters = [...pattern];
  for (let index = 0; index < characters.length; index += 1) {
    let character = characters[index] ?? '';
    const isEscaped = character === escapeWith;
    if (isEscaped) {
      index += 1;
      const next = characters[index];
      if (next === undefined)
        throw new PolystoreError('invalid_value', 'A pattern of like must not end with its escape.');
      character = next;
    }
    const isSpecial = character === '%' || character === '_';
    rendered += character === '\\' || (isSpecial && isEscaped) ? `\\${character}` : character;
  }
  return quoteText(rendered);
}
