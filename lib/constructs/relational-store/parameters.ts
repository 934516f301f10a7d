/**
 * Cluster parameters that Polystore needs, whatever the size of the instances. Names and values as
 * Aurora PostgreSQL takes them.
 */
export const clusterParameters: Readonly<Record<string, string>> = {
  // Static: sets wal_level to logical, for Debezium's replication slot.
  'rds.logical_replication': '1',
  'rds.force_ssl': '1',
  // A statement that takes longer, in milliseconds, is logged with its text but not its parameters.
  log_min_duration_statement: '1000',
  log_parameter_max_length: '0',
  log_parameter_max_length_on_error: '0',
  // A transaction that is left open keeps vacuum and `project` (DESIGN §5) waiting; milliseconds.
  idle_in_transaction_session_timeout: '60000',
};
