/** Microseconds since the epoch of a canonical timestamp. */
export const microsecondsOf = (text: string): bigint =>
  BigInt(Date.parse(`${text.slice(0, 19)}Z`)) * 1000n + BigInt(text.slice(20, 26));

/** The canonical timestamp of microseconds since the epoch, of the years 1 to 9999. */
export function timestampText(micros: bigint): string {
  const fraction = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const second = new Date(Number((micros - fraction) / 1000n)).toISOString().slice(0, 19);
  return `${second}.${String(fraction).padStart(6, '0')}Z`;
}
