/** How the embedded PostgreSQL runs: one small server, few rows, durable, on a unix socket only. */
export const SETTINGS = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  max_connections: '30',
  shared_buffers: '32MB',
  work_mem: '2MB',
  maintenance_work_mem: '16MB',
  wal_level: 'minimal',
  max_wal_senders: '0',
  min_wal_size: '32MB',
  max_wal_size: '128MB',
  max_worker_processes: '0',
  max_logical_replication_workers: '0',
  autovacuum_max_workers: '1',
  io_method: 'sync', // its worker processes would cost more memory than our few rows gain
  jit: 'off',
  huge_pages: 'off',
  dynamic_shared_memory_type: 'mmap', // in the data folder, not in the machine's /dev/shm
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_min_messages: 'warning', // the log file is not rotated
  log_checkpoints: 'off',
  log_min_error_statement: 'panic', // no statement, hence no value, in the log
} as const satisfies Record<string, string>

export const settingArgs = (settings: Readonly<Record<string, string>>) =>
  Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])

/** All that PostgreSQL's programs see of our environment. The cast drops NODE_ENV, which Next's types demand of everybody. */
export const environment = () => ({ PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' }) as unknown as NodeJS.ProcessEnv
