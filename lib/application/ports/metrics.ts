type Kind = 'counter' | 'gauge' | 'histogram'
type Series = {
  readonly kind: Kind
  readonly help: string
  readonly labels: readonly string[]
  readonly buckets?: readonly number[]
}

const START_BUCKETS = [0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2, 0.35, 0.6, 1, 2, 5, 10, 30]
const SHORT_BUCKETS = [0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 1, 5]
const LONG_BUCKETS = [1, 5, 15, 60, 300, 900, 1800, 3600, 7200]

/**
 * Every series of ours, with its bounded labels: a language is a label only on counters, a session, address or text
 * never. Seconds and bytes throughout.
 */
export const SERIES = {
  dragoman_session_start_duration_seconds: {
    kind: 'histogram',
    help: 'From the start call to a claimed sandbox',
    labels: ['path', 'outcome'],
    buckets: START_BUCKETS,
  },
  dragoman_session_time_to_first_output_seconds: {
    kind: 'histogram',
    help: 'From the start call to the first terminal byte sent',
    labels: ['path'],
    buckets: START_BUCKETS,
  },
  dragoman_session_starts_total: { kind: 'counter', help: 'Start calls', labels: ['language', 'path', 'outcome'] },
  dragoman_session_start_failures_total: { kind: 'counter', help: 'Starts that gave no session', labels: ['reason'] },
  dragoman_sessions_active: { kind: 'gauge', help: 'Sessions by state', labels: ['state'] },
  dragoman_sessions_busy: { kind: 'gauge', help: 'Sessions that have computed for minutes and said next to nothing', labels: [] },
  dragoman_session_duration_seconds: { kind: 'histogram', help: 'Life of a session', labels: ['reason'], buckets: LONG_BUCKETS },
  dragoman_session_ends_total: { kind: 'counter', help: 'Sessions ended', labels: ['reason'] },
  dragoman_sessions_released_total: { kind: 'counter', help: 'Sessions that went on at another server', labels: [] },
  dragoman_session_takeovers_total: {
    kind: 'counter',
    help: 'Sessions taken over from another server',
    labels: ['why', 'outcome'],
  },
  dragoman_session_reattach_total: { kind: 'counter', help: 'Resume calls', labels: ['outcome'] },
  dragoman_session_reattach_gap_seconds: {
    kind: 'histogram',
    help: 'Time a session had no viewer before a resume',
    labels: [],
    buckets: LONG_BUCKETS,
  },
  dragoman_languages_deployed: { kind: 'gauge', help: 'Languages that run from their images', labels: [] },
  dragoman_session_queue_length: { kind: 'gauge', help: 'Starts that wait for a place', labels: [] },
  dragoman_session_queue_wait_seconds: { kind: 'histogram', help: 'Time in the queue', labels: [], buckets: START_BUCKETS },
  dragoman_job_ends_total: { kind: 'counter', help: 'Jobs ended', labels: ['kind', 'reason'] },
  dragoman_pool_members: { kind: 'gauge', help: 'Sandboxes started ahead', labels: ['kind', 'state'] },
  dragoman_pool_target: { kind: 'gauge', help: 'Members wanted', labels: ['kind'] },
  dragoman_pool_claims_total: { kind: 'counter', help: 'Leases asked of the pool', labels: ['result'] },
  dragoman_pool_claim_lease_seconds: { kind: 'histogram', help: 'Time to a lease', labels: [], buckets: SHORT_BUCKETS },
  dragoman_pool_member_boot_seconds: {
    kind: 'histogram',
    help: 'Stages of a sandbox start',
    labels: ['stage'],
    buckets: START_BUCKETS,
  },
  dragoman_pool_member_age_seconds: {
    kind: 'histogram',
    help: 'Age of a member when claimed',
    labels: [],
    buckets: LONG_BUCKETS,
  },
  dragoman_pool_refill_lag_seconds: {
    kind: 'histogram',
    help: 'From a lease to its replacement being ready',
    labels: [],
    buckets: START_BUCKETS,
  },
  dragoman_pool_probe_failures_total: { kind: 'counter', help: 'Members that did not become ready', labels: ['language'] },
  dragoman_setup_failures_total: {
    kind: 'counter',
    help: 'Sandboxes whose `setup` of the language failed or took too long',
    labels: ['language', 'how'],
  },
  dragoman_pool_double_claim_refused_total: { kind: 'counter', help: 'Claims that an agent refused as its second', labels: [] },
  dragoman_admission_fallback_total: { kind: 'counter', help: 'Visitors let in or queued without the database', labels: [] },
  dragoman_pool_lease_fallback_total: { kind: 'counter', help: 'Leases made without the database', labels: [] },
  dragoman_sandboxes_swept_total: { kind: 'counter', help: 'Sandboxes found left over and removed', labels: [] },
  dragoman_agent_connections: { kind: 'gauge', help: 'Connections to agents', labels: [] },
  dragoman_agent_rtt_seconds: { kind: 'histogram', help: 'Ping to an agent and back', labels: [], buckets: SHORT_BUCKETS },
  dragoman_agent_faults_total: { kind: 'counter', help: 'Agent connections ended for breaking the protocol', labels: ['why'] },
  dragoman_pty_bytes_total: { kind: 'counter', help: 'Terminal bytes', labels: ['dir'] },
  dragoman_pty_dropped_bytes_total: { kind: 'counter', help: 'Output that a re-attached viewer could no longer get', labels: [] },
  dragoman_ws_connections: { kind: 'gauge', help: 'Open sockets', labels: [] },
  dragoman_ws_connect_total: { kind: 'counter', help: 'Socket handshakes', labels: ['outcome'] },
  dragoman_ws_disconnects_total: { kind: 'counter', help: 'Sockets closed', labels: ['reason'] },
  dragoman_ws_messages_total: { kind: 'counter', help: 'Messages from browsers', labels: ['type'] },
  dragoman_ws_bad_messages_total: { kind: 'counter', help: 'Messages refused by their schema', labels: ['type'] },
  dragoman_self_test_ok: { kind: 'gauge', help: '1 when the sandbox passed its self-test at start', labels: [] },
  dragoman_db_query_seconds: {
    kind: 'histogram',
    help: 'Calls to the records',
    labels: ['op', 'outcome'],
    buckets: SHORT_BUCKETS,
  },
  dragoman_build_info: { kind: 'gauge', help: 'Always 1; which version this is', labels: ['version'] },
  dragoman_agent_version_info: { kind: 'gauge', help: 'Always 1; versions of agents that said hello', labels: ['version'] },
  dragoman_sessions_rejected_total: { kind: 'counter', help: 'Starts refused at the door', labels: ['reason'] },
  dragoman_pty_paced_seconds_total: { kind: 'counter', help: 'Time that acknowledgements of floods waited', labels: [] },
  dragoman_builds_total: { kind: 'counter', help: 'Builds ended here', labels: ['outcome'] },
  dragoman_build_attempts_total: {
    kind: 'counter',
    help: 'Tries of steps, as they were recorded here',
    labels: ['step', 'outcome'],
  },
  dragoman_build_step_seconds: {
    kind: 'histogram',
    help: 'One try of a step of a build',
    labels: ['step', 'outcome'],
    buckets: LONG_BUCKETS,
  },
  dragoman_build_queue_length: { kind: 'gauge', help: 'Steps of builds that wait for a builder', labels: [] },
  dragoman_build_log_bytes_total: { kind: 'counter', help: 'Bytes of builds’ logs', labels: [] },
  dragoman_k8s_request_duration_seconds: {
    kind: 'histogram',
    help: 'Calls of the cluster’s API until their answer began',
    labels: ['verb', 'resource', 'code'],
    buckets: SHORT_BUCKETS,
  },
  dragoman_k8s_writes_total: { kind: 'counter', help: 'Calls that change something in the cluster', labels: ['verb'] },
  dragoman_k8s_watch_last_event_age_seconds: {
    kind: 'gauge',
    help: 'Since the cluster last said anything of its pods',
    labels: ['kind'],
  },
  dragoman_k8s_watch_restarts_total: { kind: 'counter', help: 'Watches begun again', labels: ['reason'] },
  dragoman_k8s_relist_seconds: {
    kind: 'histogram',
    help: 'Listing all pods of a kind',
    labels: ['kind'],
    buckets: SHORT_BUCKETS,
  },
  dragoman_k8s_pods_grown_total: {
    kind: 'counter',
    help: 'Claimed pods that were to be reckoned at more, by what the cluster and then the node said',
    labels: ['outcome'],
  },
  dragoman_k8s_pods_astray: { kind: 'gauge', help: 'Pods that no session or pool claims, before a sweep', labels: ['kind'] },
  dragoman_replicas_seen: { kind: 'gauge', help: 'Servers that share the database and live', labels: [] },
  dragoman_db_up: { kind: 'gauge', help: '1 when the database answered last', labels: [] },
} as const satisfies Record<string, Series>

export type SeriesName = keyof typeof SERIES
export type LabelsOf<N extends SeriesName> = Readonly<Record<(typeof SERIES)[N]['labels'][number], string>>

export interface Metrics {
  count<N extends SeriesName>(name: N, labels: LabelsOf<N>, by?: number): void
  observe<N extends SeriesName>(name: N, labels: LabelsOf<N>, value: number): void
  set<N extends SeriesName>(name: N, labels: LabelsOf<N>, value: number): void
}
