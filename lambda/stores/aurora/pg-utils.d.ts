/** The driver's own way of writing values, by which its queries and cursors write them; it has no types. */
declare module 'pg/lib/utils.js' {
  const utils: { prepareValue(value: unknown): string | Buffer | null };
  export default utils;
}
