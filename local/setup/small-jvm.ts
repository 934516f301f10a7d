/** Flags for every JVM here: one collector thread and the quick compiler only, since two cores serve all. */
export const smallJvm = [
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-XX:-UsePerfData',
  '-Xss512k',
  '-Djava.awt.headless=true',
] as const;
