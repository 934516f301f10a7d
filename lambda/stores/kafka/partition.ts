/**
 * The partition of a record by its key, as Java's default partitioner decides it, so that a topic
 * gets the same partition for the same key whether Kafka Connect or one of our functions writes.
 * (The default partitioner of @platformatic/kafka keeps the sign bit of the hash, Java drops it:
 * with six partitions they disagree.)
 *
 * @param key bytes of the record's key; @param partitions how many the topic has, above 0.
 */
export const partitionOf = (key: Uint8Array, partitions: number): number =>
  (murmur2(key) & 0x7fffffff) % partitions;

/** Murmur2 in 32 bits with Kafka's seed (org.apache.kafka.common.utils.Utils.murmur2). Signed. */
export function murmur2(data: Uint8Array): number {
  const multiplier = 0x5bd1e995;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const { length } = data;
  const words = length >> 2;
  let hash = 0x9747b28c ^ length;
  for (let word = 0; word < words; word += 1) {
    let mixed = Math.imul(view.getInt32(word * 4, true), multiplier);
    mixed ^= mixed >>> 24;
    hash = Math.imul(hash, multiplier) ^ Math.imul(mixed, multiplier);
  }
  const rest = length & 3;
  if (rest > 0) {
    for (let index = rest - 1; index >= 0; index -= 1)
      hash ^= view.getUint8(words * 4 + index) << (index * 8);
    hash = Math.imul(hash, multiplier);
  }
  hash ^= hash >>> 13;
  hash = Math.imul(hash, multiplier);
  return hash ^ (hash >>> 15);
}
