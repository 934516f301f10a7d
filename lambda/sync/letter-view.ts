import type { KeptLetter } from './letter-item.ts';

/** A letter as JSON for people: the record as the texts that it most likely is. */
export function renderLetter(letter: KeptLetter) {
  const { record, offset, ...told } = letter;
  return { ...told, offset: String(offset), record: record === undefined ? null : renderRecord(record) };
}

/** The same in a list: without the record. */
export function renderLetterLine({ record: _, offset, ...told }: KeptLetter) {
  return { ...told, offset: String(offset) };
}

function renderRecord({ key, value, headers }: NonNullable<KeptLetter['record']>) {
  return { key: renderBytes(key), value: renderBytes(value), headers };
}

/** JSON where it is JSON, else a text, else the bytes in base64. */
function renderBytes(bytes: Uint8Array | undefined): unknown {
  if (bytes === undefined) return null;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    // Large integers would lose digits as numbers of JSON, so such a text stays one.
    return /\d{16,}/.test(text) ? text : parsed(text);
  } catch {
    return { base64: Buffer.from(bytes).toString('base64') };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
