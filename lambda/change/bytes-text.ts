/** Bytes in their canonical form (lambda/model/fields.ts): `\\x68c3af`. */
export const renderBytes = (bytes: Uint8Array): string => `\\x${Buffer.from(bytes).toString('hex')}`;

/** The bytes of a canonical text. */
export const parseBytes = (text: string): Buffer => Buffer.from(text.slice(2), 'hex');
