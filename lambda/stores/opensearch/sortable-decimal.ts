/**
 * A decimal as a text of fixed length whose order is the number's: the number of units of the last place, `1` and
 * padded with zeros where it is not negative, `0` and counted up from the lowest number where it is.
 */
export interface DecimalType {
  readonly precision: number;
  readonly scale: number;
}

/** Where a constant lies among the texts of a column. */
export interface DecimalPlace {
  /** The text of the highest number of the type that is not above the constant; a text beyond all others where there is none or all are. */
  readonly text: string;
  /** Whether that number is the constant itself. */
  readonly isExact: boolean;
}

/** @param constant plain decimal notation with any number of digits. */
export function placeDecimal({ precision, scale }: DecimalType, constant: string): DecimalPlace {
  const [whole = '', fraction = ''] = constant.replace(/^[+-]/, '').split('.');
  const isNegative = constant.startsWith('-');
  const isWhole = !/[1-9]/.test(fraction.slice(scale));
  const size = BigInt(`${whole}${fraction.slice(0, scale).padEnd(scale, '0')}` || '0');
  // Down, not towards zero.
  const units = isNegative ? -size - (isWhole ? 0n : 1n) : size;
  const most = 10n ** BigInt(precision) - 1n;
  if (units > most) return { text: '2', isExact: false };
  if (units < -most) return { text: '', isExact: false };
  const text =
    units < 0n
      ? `0${String(most + units).padStart(precision, '0')}`
      : `1${String(units).padStart(precision, '0')}`;
  return { text, isExact: isWhole };
}

/** The canonical value of a text. */
export function renderDecimal({ precision, scale }: DecimalType, text: string): string {
  const digits = BigInt(text.slice(1));
  const isNegative = text.startsWith('0');
  const size = String(isNegative ? 10n ** BigInt(precision) - 1n - digits : digits).padStart(scale + 1, '0');
  const point = size.length - scale;
  return `${isNegative ? '-' : ''}${size.slice(0, point)}${scale === 0 ? '' : `.${size.slice(point)}`}`;
}
