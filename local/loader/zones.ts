const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Clocks of IANA time zones; offsets are remembered, since the year asks for the same few again and again. */
export interface Zones {
  /** The instant (epoch ms) at which `zone`'s clock first shows midnight of `date` (`YYYY-MM-DD`). */
  midnight(zone: string, date: string): number;
  /**
   * The first instant after `afterMs` at which the zone's clock shows `clockMinutes` (minutes since
   * midnight; 1,440 is midnight). Off by the change where the clock is moved in between.
   */
  nextAt(zone: string, clockMinutes: number, afterMs: number): number;
}

export function createZones(): Zones {
  const formats = new Map<string, Intl.DateTimeFormat>();
  const offsets = new Map<string, number>();

  const formatOf = (zone: string): Intl.DateTimeFormat => {
    const known = formats.get(zone);
    if (known !== undefined) return known;
    const made = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
    formats.set(zone, made);
    return made;
  };

  /** Local time minus UTC. Zones change their offset at whole hours, so one look-up an hour is enough. */
  const offsetMs = (zone: string, instantMs: number): number => {
    const id = `${zone} ${Math.floor(instantMs / hourMs)}`;
    const known = offsets.get(id);
    if (known !== undefined) return known;
    const made = parseOffset(formatOf(zone).format(instantMs));
    offsets.set(id, made);
    return made;
  };

  /** A guess by the offset at another instant, put right by the offset at the guess itself. */
  const toInstant = (zone: string, localMs: number, guessMs: number): number =>
    localMs - offsetMs(zone, localMs - offsetMs(zone, guessMs));

  return {
    midnight: (zone, date) => {
      const localMs = Date.parse(`${date}T00:00:00Z`);
      return toInstant(zone, localMs, localMs);
    },
    nextAt: (zone, clockMinutes, afterMs) => {
      const localNowMs = afterMs + offsetMs(zone, afterMs);
      const todayMs = Math.floor(localNowMs / dayMs) * dayMs + (clockMinutes % 1440) * 60_000;
      const localMs = todayMs > localNowMs ? todayMs : todayMs + dayMs;
      return toInstant(zone, localMs, afterMs);
    },
  };
}

/** `1/1/2013, GMT-05:00` → −5 hours; a bare `GMT` is 0. */
function parseOffset(text: string): number {
  const match = /GMT(?:([+-])(\d{2}):(\d{2}))?/.exec(text);
  if (match?.[1] === undefined) return 0;
  const sizeMs = Number(match[2]) * hourMs + Number(match[3]) * 60_000;
  return match[1] === '-' ? -sizeMs : sizeMs;
}
