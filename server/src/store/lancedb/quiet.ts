/** LanceDB writes warnings about empty partitions and the like to stderr, in a form of its own; it reads this when it is loaded. */
process.env['LANCEDB_LOG'] ??= 'error'
