import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

const localFileHeader = 0x04034b50;
const endOfCentralDirectory = 0x06054b50;
// The end record is 22 bytes and may be followed by a comment of at most 65,535.
const longestTail = 22 + 0xffff;

/** Says whether a file is a whole ZIP archive: its head and, against truncation, its end record. */
async function isWholeArchive(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    if (size < 22) return false;
    const head = Buffer.alloc(4);
    await handle.read(head, 0, 4, 0);
    if (head.readUInt32LE(0) !== localFileHeader) return false;
    const tail = Buffer.alloc(Math.min(size, longestTail));
    await handle.read(tail, 0, tail.length, size - tail.length);
    const signature = Buffer.alloc(4);
    signature.writeUInt32LE(endOfCentralDirectory);
    return tail.lastIndexOf(signature) >= 0;
  } finally {
    await handle.close();
  }
}

/** The names of the jars in a folder that are not whole archives. */
export async function damagedJars(directory: string): Promise<readonly string[]> {
  const jars = (await readdir(directory)).filter((name) => name.endsWith('.jar'));
  const whole = await Promise.all(jars.map((jar) => isWholeArchive(join(directory, jar))));
  return jars.filter((_, index) => !whole[index]);
}
