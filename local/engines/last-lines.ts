import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const readBytes = 64 * 1024;

/** The last lines of a text file that are not blank, at most `count`; none when it cannot be read. */
export function lastLines(file: string, count: number): readonly string[] {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    return [];
  }
  try {
    const { size } = fstatSync(descriptor);
    const buffer = Buffer.alloc(Math.min(size, readBytes));
    readSync(descriptor, buffer, 0, buffer.length, size - buffer.length);
    return buffer
      .toString('utf8')
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(-count);
  } finally {
    closeSync(descriptor);
  }
}
