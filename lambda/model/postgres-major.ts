/**
 * The PostgreSQL major that the dialect, the parser (libpg-query), the engine on this machine and
 * Aurora share. A test compares them all with this number.
 */
export const postgresMajor = 17;
